// <trivium-trend> and <trivium-sankey>: drawn by ECharts as SVG, which is loaded only by pages that have one.

import { address, behind, given, html, onWidth } from "../drawing";
import { exact, moment, size } from "../figures";
import type { Drawn } from "../charts";

export interface TrendPoint { at: string; amount: string | null; partial?: boolean }
export interface TrendSeries { title: string; discipline?: string; dashed?: boolean; points: TrendPoint[] }
export interface TrendData { kind?: "line" | "bar"; unit?: string; currency?: string; note?: string; series: TrendSeries[] }
export interface SankeyNode { key: string; label: string; discipline?: string; href?: string }
export interface SankeyData { currency?: string; note?: string; nodes: SankeyNode[]; links: { from: string; to: string; amount: string }[] }

export abstract class Chart<T> extends HTMLElement {
  protected plot = html("div", { class: "chart", role: "img" });
  private drawn?: Drawn;
  private stopWatching: (() => void) | undefined;
  private scheme = matchMedia("(prefers-color-scheme: dark)");
  private redraw = () => this.drawn?.recolour();

  connectedCallback(): void {
    if (!this.plot.parentElement) given<T>(this, (data) => this.show(data));
    this.scheme.addEventListener("change", this.redraw);
  }

  disconnectedCallback(): void {
    this.stopWatching?.();
    this.scheme.removeEventListener("change", this.redraw);
  }

  private show(data: T): void {
    for (const size of ["short", "tall", "towering"]) if (this.hasAttribute(size)) this.plot.classList.add(size);
    this.plot.setAttribute("aria-label", this.getAttribute("label") ?? this.said(data));
    this.append(...this.above(data), this.frame(), ...this.beneath(data), this.table(data));
    void import("../charts").then((charts) => {
      this.drawn = this.draw(charts, data);
      this.stopWatching = onWidth(this.plot, () => this.drawn?.resize());
    });
  }

  /** What the plot stands in: a wide one scrolls inside its card. */
  protected frame(): HTMLElement { return this.plot; }
  protected above(_data: T): HTMLElement[] { return []; }
  protected beneath(data: T): HTMLElement[] {
    const note = (data as { note?: string }).note;
    return note ? [html("p", { class: "chart-note" }, note)] : [];
  }
  protected abstract said(data: T): string;
  protected abstract table(data: T): HTMLElement;
  protected abstract draw(charts: typeof import("../charts"), data: T): Drawn;
}

class Trend extends Chart<TrendData> {
  protected override above(data: TrendData): HTMLElement[] {
    if (data.series.length < 2) return [];
    return [html("ul", { class: "legend" }, ...data.series.map((series) =>
      html("li", { class: `${series.discipline ?? "plain"}${series.dashed ? " dashed" : ""}` }, html("i"), series.title)))];
  }
  protected said(data: TrendData): string {
    return `${data.series.map((series) => series.title).join(", ")} over time. The table below has the figures.`;
  }
  protected table(data: TrendData): HTMLElement {
    const rows = times(data).map((at) => [moment(at), ...data.series.map((series) => {
      const point = series.points.find((other) => other.at === at);
      if (!point || point.amount === null) return "–";
      return (data.currency ? exact(point.amount) : point.amount) + (point.partial ? " so far" : "");
    })]);
    const unit = data.currency ?? data.unit ?? "";
    return behind([{ title: "When" }, ...data.series.map((series) => ({ title: unit ? `${series.title}, ${unit}` : series.title, number: true }))], rows, this.said(data));
  }
  protected draw(charts: typeof import("../charts"), data: TrendData): Drawn {
    return charts.trend(this.plot, data, times(data));
  }
}

class Sankey extends Chart<SankeyData> {
  protected said(data: SankeyData): string {
    return `Where ${data.nodes.length} accounts pass money on. The table below has the figures.`;
  }
  protected override frame(): HTMLElement {
    this.plot.classList.add("wide");
    return html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Drawing: ${this.getAttribute("label") ?? ""}` }, this.plot);
  }
  protected override beneath(data: SankeyData): HTMLElement[] {
    const below = data.links.filter((link) => size(link.amount) < 0).length;
    const credits = below ? `${below} negative ${below === 1 ? "amount is" : "amounts are"} in the table only: a width cannot be negative.` : "";
    return super.beneath({ ...data, note: [data.note, credits].filter(Boolean).join(" ") });
  }
  protected table(data: SankeyData): HTMLElement {
    const nodes = new Map(data.nodes.map((node) => [node.key, node]));
    const name = (key: string) => html("a", { href: address(nodes.get(key)?.href), class: "plain-link" }, nodes.get(key)?.label ?? key);
    const rows = data.links.map((link) => [name(link.from), name(link.to), exact(link.amount)]);
    return behind([{ title: "From" }, { title: "To" }, { title: data.currency ?? "Amount", number: true }], rows, this.said(data));
  }
  protected draw(charts: typeof import("../charts"), data: SankeyData): Drawn {
    return charts.sankey(this.plot, data);
  }
}

function times(data: TrendData): string[] {
  return [...new Set(data.series.flatMap((series) => series.points.map((point) => point.at)))].sort();
}

customElements.define("trivium-trend", Trend);
customElements.define("trivium-sankey", Sankey);
