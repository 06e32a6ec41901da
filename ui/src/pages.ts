// Small habits of every page: menus close, arrows walk down tables, a line to copy is copied.

import { announce } from "./drawing";

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
  const copy = target.closest<HTMLButtonElement>("button[data-copies]");
  if (copy) void copyText(copy);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = (event.target as Element).closest?.<HTMLDetailsElement>("details.menu[open]");
    if (menu) menu.open = false, menu.querySelector("summary")?.focus();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event);
});

/** Move to the same link of the row above or below. */
function walk(event: KeyboardEvent): void {
  const link = event.target as HTMLElement;
  const row = link.closest?.<HTMLTableRowElement>("table.rows tbody tr");
  if (!row || !link.matches("a")) return;
  let other = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  while (other && !other.querySelector("a")) other = event.key === "ArrowDown" ? other.nextElementSibling : other.previousElementSibling;
  if (!other) return;
  event.preventDefault();
  const index = [...row.querySelectorAll("a")].indexOf(link as HTMLAnchorElement);
  const links = other.querySelectorAll<HTMLElement>("a");
  (links[index] ?? links[0])?.focus();
}

async function copyText(button: HTMLButtonElement): Promise<void> {
  const text = button.closest(".line-to-copy")?.querySelector("pre")?.textContent ?? "";
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
  announce("Copied");
  window.setTimeout(() => { button.textContent = "Copy"; }, 1600);
}
