// Making elements, and reading what the server hands to one.

type Child = Node | string;

/** Make an HTML element; attributes that are false or undefined are left out. */
export function html<K extends keyof HTMLElementTagNameMap>(
  name: K, attributes: Record<string, string | number | boolean | undefined> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...children);
  return made;
}

/** Make an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  name: K, attributes: Record<string, string | number | boolean | undefined> = {}, ...children: Child[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  set(made, attributes);
  made.append(...children);
  return made;
}

function set(element: Element, attributes: Record<string, string | number | boolean | undefined>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** An address that a link may have: one of this server, or of the web; anything else (javascript:, data:) is dropped. */
export function address(href: string | null | undefined): string | undefined {
  if (!href) return undefined;
  try {
    const url = new URL(href, document.baseURI);
    return url.protocol === "http:" || url.protocol === "https:" ? href : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON of an element: in its `<script type="application/json">` child, or at its `src`. */
export function given<T>(element: HTMLElement, use: (data: T) => void): void {
  const inline = element.querySelector(':scope > script[type="application/json"]');
  if (inline) {
    use(JSON.parse(inline.textContent || "null") as T);
    return;
  }
  const source = address(element.getAttribute("src"));
  if (!source) return;
  const waiting = html("div", { class: "skeleton", "aria-hidden": "true" });
  element.append(waiting);
  fetchJson<T>(source).then(use, (fault: Error) => sayFault(element, fault)).finally(() => waiting.remove());
}

/** Fetch JSON of this server; a refusal becomes an error with the server's own sentence. */
export async function fetchJson<T>(source: string): Promise<T> {
  const answer = await fetch(source, { headers: { accept: "application/json" } });
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    const problem = body as { title?: string; fix?: string } | null;
    throw new Error(problem?.title ? `${problem.title} ${problem.fix ?? ""}` : `The server answered ${answer.status}.`);
  }
  return body as T;
}

/** Show, in the place of a drawing, why it is not there. */
export function sayFault(element: HTMLElement, fault: Error): void {
  element.append(html("p", { class: "empty", role: "alert" }, `This could not be loaded. ${fault.message} Reload the page to try again.`));
}

/** The text equivalent of a drawing, one click away; rows that are a function are made when they are asked for. */
export function behind(columns: { title: string; number?: boolean }[], rows: Child[][] | (() => Child[][]), caption: string): HTMLElement {
  const head = html("tr", {}, ...columns.map((column) => html("th", { scope: "col", class: column.number ? "n" : undefined }, column.title)));
  const body = html("tbody");
  const fill = (given: Child[][]) => body.append(...given.map((row) =>
    html("tr", {}, ...row.map((cell, index) => html("td", { class: columns[index]?.number ? "n" : undefined }, cell)))));
  const table = html("table", {}, html("caption", { class: "out-of-sight" }, caption), html("thead", {}, head), body);
  const made = html("details", { class: "behind" },
    html("summary", {}, "As a table"), html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table),
    html("p", { class: "body small" }, download(table, caption)));
  if (typeof rows === "function") made.addEventListener("toggle", () => fill(rows()), { once: true });
  else fill(rows);
  return made;
}

/** A button that saves a table as CSV: amounts exact, texts that a spreadsheet would run made plain. */
function download(table: HTMLTableElement, caption: string): HTMLElement {
  const button = html("button", { type: "button" }, "Save as CSV");
  button.addEventListener("click", () => {
    const lines = [...table.rows].map((row) => [...row.cells].map(field).join(","));
    const file = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    html("a", { href: file, download: `${caption.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80)}.csv` }).click();
    URL.revokeObjectURL(file);
  });
  return button;
}

function field(cell: HTMLTableCellElement): string {
  const exact = cell.querySelector("data")?.getAttribute("value");
  const text = exact ?? cell.textContent?.trim() ?? "";
  const number = cell.classList.contains("n") && /^-?[\d,]*\.?\d+(e[+-]?\d+)?$/.test(text);
  const safe = number ? text.replaceAll(",", "") : /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Call back when the width of an element changes, and once at first. */
export function onWidth(element: HTMLElement, draw: () => void): () => void {
  let width = element.clientWidth;
  const observer = new ResizeObserver(() => {
    if (Math.abs(element.clientWidth - width) < 1) return;
    width = element.clientWidth;
    draw();
  });
  observer.observe(element);
  return () => observer.disconnect();
}

/** Say something to screen readers. */
export function announce(text: string): void {
  let region = document.getElementById("announcer");
  if (!region) {
    region = html("div", { id: "announcer", class: "out-of-sight", role: "status" });
    document.body.append(region);
  }
  region.textContent = text;
}
