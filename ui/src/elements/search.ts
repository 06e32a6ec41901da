// <trivium-search>: the box that finds any asset. `/` goes to it; arrows choose, Enter opens; without a script it is a form.

import { address, announce, fetchJson, html } from "../drawing";

interface Found { asset: string; kind: string; title: string; href: string }

const DISCIPLINES: Record<string, string> = {
  dataset: "data", job: "data", run: "models", experiment: "models", model: "models", endpoint: "models", product: "money", team: "plain", resource: "money",
};

class Search extends HTMLElement {
  private input!: HTMLInputElement;
  private list = html("ul", { class: "found", role: "listbox", id: "found", "aria-label": "Assets found", hidden: true });
  private results: Found[] = [];
  private at = -1;
  private timer = 0;
  private asked = "";

  connectedCallback(): void {
    const input = this.querySelector("input");
    if (!input) return;
    this.input = input;
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": "found", "aria-autocomplete": "list", autocomplete: "off" }))
      input.setAttribute(name, value);
    this.append(this.list);
    input.addEventListener("input", () => { window.clearTimeout(this.timer); this.timer = window.setTimeout(() => void this.ask(), 120); });
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("focus", () => { if (this.results.length && input.value.trim()) this.open(true); });
    this.addEventListener("focusout", (event) => { if (!this.contains(event.relatedTarget as Node)) this.open(false); });
    document.addEventListener("keydown", this.slash);
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.slash);
  }

  private slash = (event: KeyboardEvent): void => {
    const inField = (event.target as Element).closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || inField || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  };

  private async ask(): Promise<void> {
    const question = this.input.value.trim();
    this.asked = question;
    if (!question) return this.show([]);
    const source = `${this.getAttribute("src")}?q=${encodeURIComponent(question)}`;
    try {
      const answer = await fetchJson<{ results: Found[] }>(source);
      if (this.asked === question) this.show(answer.results);
    } catch (fault) {
      if (this.asked === question) this.say((fault as Error).message);
    }
  }

  private show(results: Found[]): void {
    this.results = results;
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    if (!this.asked) return this.open(false);
    if (!results.length) return this.say(`No asset has “${this.asked}” in its name.`);
    this.list.replaceChildren(...results.map((found, index) => {
      const row = html("li", { role: "option", id: `found-${index}`, "aria-selected": "false" },
        html("span", { class: `chip ${DISCIPLINES[found.kind] ?? "plain"}` }, found.kind), html("span", {}, found.title), html("span", { class: "key" }, found.asset));
      row.addEventListener("pointerdown", (event) => { event.preventDefault(); this.go(index); });
      row.addEventListener("pointermove", () => this.choose(index));
      return row;
    }));
    this.open(true);
    announce(`${results.length} found`);
  }

  private say(sentence: string): void {
    this.results = [];
    this.list.replaceChildren(html("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, sentence));
    this.open(true);
    announce(sentence);
  }

  private open(open: boolean): void {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
  }

  private press(event: KeyboardEvent): void {
    const last = this.results.length - 1;
    if (event.key === "Escape") {
      if (this.list.hidden) this.input.blur();
      this.open(false);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (last >= 0) this.open(true), this.choose(event.key === "ArrowDown" ? (this.at < last ? this.at + 1 : 0) : (this.at > 0 ? this.at - 1 : last));
    } else if (event.key === "Enter" && this.at >= 0 && !this.list.hidden) {
      event.preventDefault();
      this.go(this.at);
    }
  }

  private choose(index: number): void {
    if (index === this.at) return;
    this.at = index;
    this.list.querySelectorAll('[role="option"]').forEach((row, other) => row.setAttribute("aria-selected", String(other === index)));
    this.input.setAttribute("aria-activedescendant", `found-${index}`);
    document.getElementById(`found-${index}`)?.scrollIntoView({ block: "nearest" });
  }

  private go(index: number): void {
    const href = address(this.results[index]?.href);
    if (href) location.assign(href);
  }
}

customElements.define("trivium-search", Search);
