// Finding, making and filling elements. Text goes in as text, never as markup.

export const $ = (id) => document.getElementById(id);

/** Makes an element. Attributes that are `null`, `undefined` or `false` are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Puts text into a live region that is already there, so that it is announced; the same text is not announced again. */
export function say(region, text) {
  if (region.textContent !== text) region.textContent = text;
}

/** Fills a list, unless it already shows the same: whoever has the focus in it keeps it. */
export function fill(list, items, makeItem) {
  const shown = JSON.stringify(items);
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...items.map(makeItem));
}

/** Opens a dialog. It gives the focus back to where it was when it closes. */
export function open(dialog, first) {
  if (!dialog.open) dialog.showModal();
  first?.focus();
}

for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

export const credits = (amount) => `${amount} ${amount === 1 ? "credit" : "credits"}`;
