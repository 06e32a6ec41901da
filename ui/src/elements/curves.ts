// <trivium-curves> and <trivium-parallel>: what runs measured, as lines over steps or time, and over parallel axes.

import { address, behind, html } from "../drawing";
import { moment } from "../figures";
import type { Drawn } from "../charts";
import { Chart } from "./charts";

export interface Curve { title: string; href?: string; points: [number, number][] }
export interface CurvesData { axis: "step" | "time"; log?: boolean; unit?: string; note?: string; series: Curve[] }
export interface Axis { title: string; kind: "metric" | "param" }
export interface ParallelData { note?: string; axes: Axis[]; lines: { title: string; href?: string; values: (number | string | null)[] }[] }

/** How many looks a line has: three tints, each solid, dashed and dotted. */
export const LOOKS = 9;

class Curves extends Chart<CurvesData> {
  protected override above(data: CurvesData): HTMLElement[] {
    if (data.series.length < 2) return [];
    return [html("ul", { class: "legend" }, ...data.series.map((series, place) =>
      html("li", { class: `look-${place % LOOKS}` }, html("i"), html("a", { href: address(series.href) }, series.title))))];
  }
  protected said(data: CurvesData): string {
    const points = data.series.reduce((sum, series) => sum + series.points.length, 0);
    return `${data.series.length} ${data.series.length === 1 ? "line" : "lines"} over ${data.axis}, ${points} points. The table below has the figures.`;
  }
  protected table(data: CurvesData): HTMLElement {
    const at = data.axis === "time" ? (value: number) => new Date(value).toISOString() : String;
    const places = [...new Set(data.series.flatMap((series) => series.points.map((point) => point[0])))].sort((one, other) => one - other);
    const values = data.series.map((series) => new Map(series.points));
    const rows = () => places.map((place) => [at(place), ...values.map((known) => String(known.get(place) ?? "–"))]);
    return behind([{ title: data.axis === "time" ? "Time, UTC" : "Step", number: data.axis === "step" }, ...data.series.map((series) => ({ title: series.title, number: true }))], rows, this.getAttribute("label") ?? this.said(data));
  }
  protected draw(charts: typeof import("../charts"), data: CurvesData): Drawn {
    return charts.curves(this.plot, data);
  }
}

class Parallel extends Chart<ParallelData> {
  protected said(data: ParallelData): string {
    return `${data.lines.length} runs over ${data.axes.map((axis) => axis.title).join(", ")}. The table has the figures.`;
  }
  protected override above(data: ParallelData): HTMLElement[] {
    return [html("ul", { class: "legend" }, ...data.lines.map((line, place) =>
      html("li", { class: `look-${place % LOOKS}` }, html("i"), html("a", { href: address(line.href) }, line.title))))];
  }
  protected override frame(): HTMLElement {
    this.plot.classList.add("wide");
    return html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Drawing: ${this.getAttribute("label") ?? ""}` }, this.plot);
  }
  protected table(data: ParallelData): HTMLElement {
    const rows = () => data.lines.map((line) => [line.title, ...line.values.map((value) => (value === null ? "–" : String(value)))]);
    return behind([{ title: "Run" }, ...data.axes.map((axis) => ({ title: axis.title, number: true }))], rows, this.getAttribute("label") ?? this.said(data));
  }
  protected draw(charts: typeof import("../charts"), data: ParallelData): Drawn {
    return charts.parallel(this.plot, data);
  }
}

export const timeText = (value: number): string => {
  const text = new Date(value).toISOString();
  return `${moment(text.slice(0, 10))}, ${text.slice(11, 19)}`;
};

customElements.define("trivium-curves", Curves);
customElements.define("trivium-parallel", Parallel);
