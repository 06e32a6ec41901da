// Amounts are decimal text from end to end; a float is made of one only to place or size a mark.

const SYMBOLS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£" };

/** How large a mark is: never shown, never added up. */
export function size(amount: string | null | undefined): number {
  const value = Number(amount ?? 0);
  return Number.isFinite(value) ? value : 0;
}

/** Decimal text with groups of three and at least two decimals: `1234.5` → `1,234.50`. Nothing is rounded. */
export function exact(amount: string, currency = ""): string {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  if (!found) return amount;
  const [, sign = "", whole = "0", fraction = ""] = found;
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = `${grouped}.${fraction.replace(/0+$/, "").padEnd(2, "0")}`;
  const symbol = SYMBOLS[currency];
  return symbol ? `${sign}${symbol}${text}` : `${sign}${text}${currency ? ` ${currency}` : ""}`;
}

/** A short form for axis ticks, where the exact figure stands elsewhere: 1.2 k, 3 M. */
export function tick(value: number): string {
  const steps: [number, string][] = [[1e9, " G"], [1e6, " M"], [1e3, " k"]];
  for (const [step, unit] of steps) {
    if (Math.abs(value) >= step) return `${Number((value / step).toPrecision(3))}${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `2026-11` → `Nov 2026`, `2026-11-05` → `5 Nov 2026`; anything else as it is. */
export function moment(text: string): string {
  const found = /^(\d{4})-(\d{2})(?:-(\d{2}))?/.exec(text);
  if (!found) return text;
  const month = `${MONTHS[Number(found[2]) - 1] ?? found[2]} ${found[1]}`;
  return found[3] ? `${Number(found[3])} ${month}` : month;
}
