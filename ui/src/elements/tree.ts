// <trivium-tree>: an amount opened into its parts, down to charges. JSON: an Explained; a part with `src` is fetched when opened.

import { address, fetchJson, given, html, svg } from "../drawing";
import { exact, size } from "../figures";

interface Charge { title: string; amount: string; basis?: string; note?: string; href?: string }
interface Part {
  asset: string; title?: string; kind?: string; discipline?: string; amount: string; share?: string; basis?: string; href?: string; src?: string;
  parts?: Part[]; charges?: Charge[];
}
interface Explained { asset: string; title?: string; total: string; currency?: string; parts: Part[]; charges?: Charge[] }

class Tree extends HTMLElement {
  private body = html("tbody");
  private currency = "";
  private whole = 0;

  connectedCallback(): void {
    if (this.body.childElementCount) return;
    given<Explained>(this, (data) => this.show(data));
  }

  private show(data: Explained): void {
    this.currency = data.currency ?? "";
    this.whole = Math.abs(size(data.total));
    const titles: [string, string][] = [["What it is made of", ""], ["", "hides"], ["Basis", "hides"], [this.currency || "Amount", "n"], ["Share", "n"]];
    const head = html("tr", {}, ...titles.map(([title, name]) => title
      ? html("th", { scope: "col", class: name || undefined }, title) : html("td", { class: name || undefined })));
    const table = html("table", { class: "tree-grid", role: "treegrid", "aria-label": `What ${data.title ?? data.asset} is made of` }, html("thead", {}, head), this.body);
    this.append(html("div", { class: "scroll" }, table));
    const root: Part = { asset: data.asset, title: data.title ?? data.asset, amount: data.total, share: "1", parts: data.parts, charges: data.charges ?? [] };
    const row = this.row(root, 1);
    this.body.append(row);
    this.open(row, root, 1);
    row.tabIndex = 0;
    this.body.addEventListener("keydown", (event) => this.press(event));
    this.classList.add("drawn");
  }

  private row(part: Part, level: number): HTMLTableRowElement {
    const opens = Boolean(part.parts?.length || part.charges?.length || part.src);
    const twig = html("div", { class: "twig" });
    twig.style.paddingLeft = `${(level - 1) * 20}px`;
    const row = html("tr", { role: "row", "aria-level": level, tabindex: -1, "aria-expanded": opens ? "false" : undefined });
    if (opens) {
      const toggle = html("button", { type: "button", tabindex: -1, "aria-label": `Open ${part.title ?? part.asset}` });
      toggle.addEventListener("click", () => { this.focusRow(row); this.toggle(row, part, level); });
      twig.append(toggle);
    } else twig.append(html("span", { class: "leaf" }));
    if (part.kind) twig.append(html("span", { class: `chip ${part.discipline ?? "plain"}` }, part.kind));
    const href = address(part.href);
    twig.append(href ? html("a", { href, tabindex: -1, title: part.asset }, part.title ?? part.asset) : html("span", { title: part.asset }, part.title ?? part.asset));
    row.append(html("td", { role: "gridcell" }, twig), ...this.figures(part.amount, part.basis, part.share));
    row.addEventListener("toggle-part", () => this.toggle(row, part, level));
    return row;
  }

  private figures(amount: string, basis: string | undefined, share: string | undefined): HTMLElement[] {
    const wide = this.whole ? Math.min(100, (100 * Math.abs(size(amount))) / this.whole) : 0;
    const bar = svg("svg", { class: "bar", "aria-hidden": "true" }, svg("rect", { width: `${wide}%`, height: 7, rx: 3.5, class: size(amount) < 0 ? "below" : undefined }));
    const cell = html("td", { role: "gridcell", class: "wide-bar hides" });
    cell.append(bar);
    const fraction = share === undefined ? (this.whole ? wide / 100 : 0) : Math.abs(size(share));
    const text = fraction > 0 && fraction < 0.01 ? "under 1 %" : `${Math.round(fraction * 100)} %`;
    return [cell, html("td", { role: "gridcell", class: "muted hides" }, basis ?? ""), html("td", { role: "gridcell", class: "n" }, exact(amount)),
      html("td", { role: "gridcell", class: "n muted" }, text)];
  }

  private charge(charge: Charge, level: number): HTMLTableRowElement {
    const twig = html("div", { class: "twig" }, html("span", { class: "leaf" }), html("span", { class: "chip money" }, "charge"));
    twig.style.paddingLeft = `${(level - 1) * 20}px`;
    const href = address(charge.href);
    twig.append(href ? html("a", { href, tabindex: -1 }, charge.title) : charge.title);
    if (charge.note) twig.append(html("span", { class: "muted" }, charge.note));
    return html("tr", { role: "row", class: "charge", "aria-level": level, tabindex: -1 },
      html("td", { role: "gridcell" }, twig), ...this.figures(charge.amount, charge.basis, undefined));
  }

  private toggle(row: HTMLTableRowElement, part: Part, level: number): void {
    if (row.getAttribute("aria-expanded") === "true") {
      row.setAttribute("aria-expanded", "false");
      while (row.nextElementSibling && Number(row.nextElementSibling.getAttribute("aria-level")) > level) row.nextElementSibling.remove();
    } else if (row.hasAttribute("aria-expanded")) this.open(row, part, level);
  }

  private open(row: HTMLTableRowElement, part: Part, level: number): void {
    row.setAttribute("aria-expanded", "true");
    if (part.parts || part.charges || !part.src) {
      row.after(...(part.parts ?? []).map((inner) => this.row(inner, level + 1)), ...(part.charges ?? []).map((charge) => this.charge(charge, level + 1)));
      return;
    }
    const waiting = html("tr", { role: "row", "aria-level": level + 1 }, html("td", { role: "gridcell", colspan: 5 }, html("div", { class: "skeleton" })));
    row.after(waiting);
    fetchJson<Part>(part.src).then((fetched) => {
      part.parts = fetched.parts ?? [];
      part.charges = fetched.charges ?? [];
      if (waiting.isConnected) this.open(row, part, level);
    }, (fault: Error) => row.after(html("tr", { role: "row", "aria-level": level + 1 }, html("td", { role: "gridcell", colspan: 5, class: "alarm-text" }, fault.message)))).finally(() => waiting.remove());
  }

  private focusRow(row: Element | null | undefined): void {
    if (!(row instanceof HTMLTableRowElement)) return;
    this.body.querySelectorAll<HTMLElement>('tr[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    row.tabIndex = 0;
    row.focus();
  }

  private press(event: KeyboardEvent): void {
    const row = (event.target as Element).closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const expanded = row.getAttribute("aria-expanded");
    const level = Number(row.getAttribute("aria-level"));
    let parent = row.previousElementSibling;
    while (parent && Number(parent.getAttribute("aria-level")) >= level) parent = parent.previousElementSibling;
    const acts: Record<string, () => void> = {
      ArrowDown: () => this.focusRow(row.nextElementSibling),
      ArrowUp: () => this.focusRow(row.previousElementSibling),
      ArrowRight: () => (expanded === "false" ? row.dispatchEvent(new Event("toggle-part")) : this.focusRow(expanded ? row.nextElementSibling : null)),
      ArrowLeft: () => (expanded === "true" ? row.dispatchEvent(new Event("toggle-part")) : this.focusRow(parent)),
      Enter: () => row.querySelector("a")?.click(),
    };
    const act = acts[event.key];
    if (!act || (event.key === "Enter" && event.target instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    act();
  }
}

customElements.define("trivium-tree", Tree);
