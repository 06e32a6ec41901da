// <trivium-thread>: the lineage around an asset, drawn from JSON {nodes, edges, currency}; every node opens.

import { address, behind, given, html, onWidth, svg } from "../drawing";
import { exact } from "../figures";
import { place, type Box, type Layout, type ThreadData, type ThreadNode } from "./thread_layout";

const STATES = { ok: "all checks hold", bad: "needs a person now", unknown: "nothing known", none: "" };

/** A long name without its middle: what tells names apart is often at their end. */
function shortened(name: string): string {
  const letters = [...name];
  return letters.length > 25 ? `${letters.slice(0, 12).join("")}…${letters.slice(-11).join("")}` : name;
}

class Thread extends HTMLElement {
  private data!: ThreadData;
  private view = html("div", { class: "thread-view", role: "group" });
  private stage = html("div", { class: "thread-stage" });
  private lines = svg("svg", { "aria-hidden": "true" });
  private links = new Map<string, HTMLElement>();
  private controls = html("span", { class: "zoom", hidden: true });
  private layout!: Layout;
  private scale = 1;
  private chosen = false;
  private stopWatching?: () => void;

  connectedCallback(): void {
    if (!this.links.size) given<ThreadData>(this, (data) => this.show(data));
    else this.stopWatching = onWidth(this.view, () => this.draw());
  }

  disconnectedCallback(): void {
    this.stopWatching?.();
  }

  private show(data: ThreadData): void {
    this.data = data;
    this.view.setAttribute("aria-label", `Thread of ${data.nodes.length} assets. Arrow keys move along it, Enter opens.`);
    this.stage.append(this.lines, ...data.nodes.map((node) => this.link(node)));
    this.view.append(this.stage);
    const note = html("div", { class: "thread-note" },
      html("span", {}, data.note ?? "Line width is money carried. Red is what needs a person now."), this.controls);
    this.append(this.view, note, this.table());
    this.controls.append(this.button("−", "Smaller", () => this.zoom(this.scale / 1.25)), this.button("+", "Larger", () => this.zoom(this.scale * 1.25)),
      this.button("Fit", "Show all of it", () => this.zoom(this.fitting())));
    this.first().tabIndex = 0;
    this.stage.addEventListener("keydown", (event) => this.move(event));
    this.stage.addEventListener("focusin", (event) => this.pick((event.target as HTMLElement).dataset.key));
    this.stage.addEventListener("focusout", () => this.pick(undefined));
    this.drags();
    this.draw();
    this.classList.add("drawn");
    this.stopWatching = onWidth(this.view, () => this.draw());
    void document.fonts.ready.then(() => this.draw());
  }

  private link(node: ThreadNode): HTMLElement {
    const state = node.state ?? "none";
    const classes = ["node", node.discipline ?? "plain", state === "bad" ? "bad" : "", node.focus ? "focus" : "", node.kind === "product" ? "filled" : ""];
    const href = address(node.href);
    const link = html("a", { class: classes.filter(Boolean).join(" "), href, role: href ? undefined : "link", tabindex: -1, "data-key": node.key, title: `${node.label}\n${node.key}`,
      "aria-current": node.focus ? "page" : undefined }, html("b", {}, shortened(node.label)), html("span", {}, node.sub ?? node.kind));
    if (STATES[state]) link.append(html("i", { class: state, title: STATES[state] }), html("em", { class: "out-of-sight" }, `, ${STATES[state]}`));
    link.addEventListener("pointerenter", () => this.pick(node.key));
    link.addEventListener("pointerleave", () => this.pick(undefined));
    this.links.set(node.key, link);
    return link;
  }

  private first(): HTMLElement {
    const key = (this.data.nodes.find((node) => node.focus) ?? this.data.nodes[0])?.key ?? "";
    return this.links.get(key) ?? this.view;
  }

  private draw(): void {
    const room = this.view.clientWidth;
    if (!room) return;
    this.stage.style.zoom = "1";
    const boxes = new Map<string, Box>();
    for (const link of this.links.values()) link.style.width = "";
    for (const [key, link] of this.links) boxes.set(key, { width: Math.ceil(link.getBoundingClientRect().width) + 1, height: link.offsetHeight });
    this.layout = place(this.data, boxes, room);
    this.stage.style.width = `${this.layout.width}px`;
    this.stage.style.height = `${this.layout.height}px`;
    for (const [key, at] of this.layout.nodes) {
      const { style } = this.links.get(key)!;
      style.width = `${at.width}px`;
      style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px)`;
    }
    this.lines.replaceChildren(...this.layout.lines.map((line) => {
      const group = svg("g", { "data-from": line.edge.from, "data-to": line.edge.to });
      group.append(svg("path", { d: line.path, "stroke-width": line.width.toFixed(1), class: line.paid ? undefined : "unpaid" }), svg("path", { class: "head", d: line.head }));
      return group;
    }));
    this.lines.setAttribute("width", String(this.layout.width));
    this.lines.setAttribute("height", String(this.layout.height));
    const fitting = this.fitting();
    const fits = fitting >= 0.82;
    this.controls.hidden = fits;
    this.view.classList.toggle("drags", !fits);
    this.zoom(this.chosen && !fits ? this.scale : fits ? fitting : 1, this.chosen);
  }

  private fitting(): number {
    return Math.min(1, this.view.clientWidth / this.layout.width, 620 / this.layout.height);
  }

  private zoom(scale: number, chosen = true): void {
    this.chosen = chosen;
    this.scale = Math.min(2, Math.max(0.08, scale));
    this.stage.style.zoom = String(this.scale);
    const at = this.layout.nodes.get(this.first().dataset.key ?? "");
    if (!at) return;
    this.view.scrollLeft = (at.x + at.width / 2) * this.scale - this.view.clientWidth / 2;
    this.view.scrollTop = (at.y + at.height / 2) * this.scale - this.view.clientHeight / 2;
  }

  private button(text: string, title: string, act: () => void): HTMLElement {
    const made = html("button", { type: "button", class: "quiet", title, "aria-label": title }, text);
    made.addEventListener("click", act);
    return made;
  }

  /** Light up everything that feeds a node and everything that it feeds. */
  private pick(key: string | undefined): void {
    this.stage.classList.toggle("picking", Boolean(key));
    if (!key) return;
    const on = new Set([...this.reached(key, "from", "to"), ...this.reached(key, "to", "from")]);
    for (const [other, link] of this.links) link.classList.toggle("on", on.has(other));
    const up = this.reached(key, "to", "from"), down = this.reached(key, "from", "to");
    for (const group of this.lines.querySelectorAll<SVGGElement>("g")) {
      const { from = "", to = "" } = group.dataset;
      group.classList.toggle("on", (up.has(from) && up.has(to)) || (down.has(from) && down.has(to)));
    }
  }

  private reached(key: string, near: "from" | "to", far: "from" | "to"): Set<string> {
    const seen = new Set([key]);
    for (const at of seen) for (const edge of this.data.edges) if (edge[near] === at) seen.add(edge[far]);
    return seen;
  }

  private move(event: KeyboardEvent): void {
    const key = (event.target as HTMLElement).dataset.key;
    const here = key ? this.layout.nodes.get(key) : undefined;
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.neighbour(key!, event.key);
    if (next === undefined) return;
    event.preventDefault();
    if (!next) return;
    for (const link of this.links.values()) link.tabIndex = -1;
    const link = this.links.get(next)!;
    link.tabIndex = 0;
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** The node that an arrow key leads to; empty when there is none, undefined for other keys. */
  private neighbour(key: string, pressed: string): string | undefined {
    const here = this.layout.nodes.get(key)!;
    const middle = (other: string) => { const at = this.layout.nodes.get(other)!; return at.y + at.height / 2; };
    const nearest = (keys: string[]) => keys.sort((a, b) => Math.abs(middle(a) - middle(key)) - Math.abs(middle(b) - middle(key)))[0] ?? "";
    if (pressed === "ArrowLeft") return nearest(this.data.edges.filter((edge) => edge.to === key).map((edge) => edge.from));
    if (pressed === "ArrowRight") return nearest(this.data.edges.filter((edge) => edge.from === key).map((edge) => edge.to));
    if (pressed !== "ArrowUp" && pressed !== "ArrowDown") return undefined;
    const column = [...this.layout.nodes].filter(([other, at]) => other !== key && Math.abs(at.rank - here.rank) < 60).map(([other]) => other);
    return nearest(column.filter((other) => (pressed === "ArrowUp" ? middle(other) < middle(key) : middle(other) > middle(key))));
  }

  /** Drag the background of a drawing that is larger than its view. */
  private drags(): void {
    this.view.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType !== "mouse" || (event.target as Element).closest(".node") || !this.view.classList.contains("drags")) return;
      const start = { x: event.clientX + this.view.scrollLeft, y: event.clientY + this.view.scrollTop };
      this.view.setPointerCapture(event.pointerId);
      this.view.classList.add("dragging");
      const drag = (moved: PointerEvent) => this.view.scrollTo(start.x - moved.clientX, start.y - moved.clientY);
      this.view.addEventListener("pointermove", drag);
      this.view.addEventListener("lostpointercapture", () => {
        this.view.removeEventListener("pointermove", drag);
        this.view.classList.remove("dragging");
      }, { once: true });
    });
  }

  private table(): HTMLElement {
    const label = new Map(this.data.nodes.map((node) => [node.key, node.label]));
    const fed = (key: string) => this.data.edges.filter((edge) => edge.to === key)
      .map((edge) => `${label.get(edge.from) ?? edge.from}${edge.amount ? ` (${exact(edge.amount, this.data.currency)})` : ""}`).join(", ");
    const rows = this.data.nodes.map((node) => [
      html("a", { href: address(node.href), class: "plain-link" }, node.label), node.kind, node.sub ?? "", STATES[node.state ?? "none"], fed(node.key)]);
    const titles = ["Asset", "Kind", "What it is", "State", "Fed by"];
    return behind(titles.map((title) => ({ title })), rows, "The thread as a table");
  }
}

customElements.define("trivium-thread", Thread);
