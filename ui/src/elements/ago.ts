// <trivium-ago>: how long ago, kept fresh; the server has written it once, the exact instant is in the title.

const STEPS: [number, string][] = [[60, "s"], [3600, "min"], [86_400, "h"], [86_400 * 60, "d"]];

/** The same words as the server's filter `ago`. */
export function ago(seconds: number): string {
  const past = Math.abs(seconds);
  const after = seconds < 0 ? "in " : "", before = seconds < 0 ? "" : " ago";
  if (past < 5) return "now";
  let size = 1;
  for (const [limit, unit] of STEPS) {
    if (past < limit) return `${after}${Math.floor(past / size)} ${unit}${before}`;
    size = limit === 60 ? 60 : limit === 3600 ? 3600 : 86_400;
  }
  return "";
}

class Ago extends HTMLElement {
  private timer = 0;

  connectedCallback(): void {
    this.refresh();
    this.timer = window.setInterval(() => this.refresh(), 15_000);
  }

  disconnectedCallback(): void {
    window.clearInterval(this.timer);
  }

  private refresh(): void {
    const time = this.querySelector("time");
    if (!time) return;
    const text = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (text && time.textContent !== text) time.textContent = text;
  }
}

customElements.define("trivium-ago", Ago);
