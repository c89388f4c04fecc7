// Only this file creates elements. Data gets in as text, never as markup.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text with its control characters and those that reorder others made visible; line breaks and tabs stay. */
function visible(text) {
  return String(text).replace(HIDDEN, (char) => {
    const code = char.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "␡" : `\\u{${code.toString(16)}}`;
  });
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : visible(child));
  }
  return element;
}

/** An HTML element with attributes, listeners (`onclick` …) and children; children that are not elements become text. */
function el(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element; like `el` otherwise. */
function svg(name, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/** Formats microseconds for people. */
function time(micros) {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1e6) return `${Math.floor(micros / 1000)} ms`;
  if (micros < 6e7) return `${(micros / 1e6).toFixed(2)} s`;
  return `${Math.floor(micros / 6e7)} min ${Math.floor((micros % 6e7) / 1e6)} s`;
}

const MARKS = { passed: "✓", failed: "✗", unknown: "?", skipped: "–" };

/** The mark of a verdict. Screen readers read its word. */
function mark(state) {
  return el("span", { class: "mark", role: "img", "aria-label": state }, MARKS[state] ?? "·");
}
