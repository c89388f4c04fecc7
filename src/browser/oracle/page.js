// What the Rust side calls, by name: `paidpath.call(name, argument)` answers with JSON.

// Where an element of a role can be found: asking every element for its role is slow on a large page.
const PLACES = {
  button: 'button,summary,input[type=button],input[type=submit],input[type=reset],input[type=image]',
  link: 'a[href],area[href]',
  textbox: 'input,textarea,[contenteditable]',
  searchbox: 'input',
  spinbutton: 'input',
  slider: 'input',
  checkbox: 'input',
  radio: 'input',
  combobox: 'select,input',
  listbox: 'select',
  heading: 'h1,h2,h3,h4,h5,h6',
  dialog: 'dialog',
  image: 'img,svg',
  img: 'img,svg',
};
const NAMED = `${FIELD},${CONTROL},[role],dialog,fieldset,img,h1,h2,h3`;

/** Elements by role and accessible name; by CSS where that is all there is. Hidden ones do not count. */
const find = ({ role, name, css }) => {
  const place = role ? (PLACES[role] ? `[role],${PLACES[role]}` : '*') : name ? NAMED : '*';
  const isRole = (el) => roleOf(el) === role || (role === 'textbox' && roleOf(el) === 'searchbox');
  const fits = everything().filter((el) => el.matches(css ?? '*') && el.matches(place) && shown(el) && (!role || isRole(el)));
  if (!name) return fits;
  const wanted = squeeze(name).toLowerCase();
  const named = fits.map((el) => [el, nameOf(el).toLowerCase()]);
  const exact = named.filter(([, text]) => text === wanted);
  return (exact.length ? exact : named.filter(([, text]) => text.includes(wanted))).map(([el]) => el);
};

const only = (locator) => {
  const found = find(locator);
  if (found.length === 1) return { el: found[0] };
  if (found.length > 1) return { problem: 'ambiguous', count: found.length, first: found.slice(0, 3).map(describe) };
  const role = locator.role;
  const near = role ? find({ role }) : everything().filter((el) => shown(el) && (isField(el) || isControl(el)));
  return { problem: 'absent', there: near.slice(0, 30).map((el) => nameOf(el) || describe(el)) };
};

/** Where to press an element, after bringing it into view. */
const aim = (locator) => {
  const { el, ...problem } = only(locator);
  if (!el) return problem;
  el.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
  const box = boxOf(el);
  if (box.right - box.left < 1 || box.bottom - box.top < 1) return { problem: 'covered', by: 'nothing: it has no size' };
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2].map(Math.floor);
  const top = stackAt(x, y)[0];
  const label = el.labels && [...el.labels].some((label) => top && within(top, label));
  if (top && !within(top, el) && !within(el, top) && !label) return { problem: 'covered', by: describe(top), x, y };
  return { x, y, describe: describe(el), disabled: isDisabled(el) };
};

const markAt = (locator) => mark(locator ? only(locator).el : null);

/** Puts the cursor into a field and selects what is there, so that typing replaces it. */
const select = (locator) => {
  const { el, ...problem } = only(locator);
  if (!el) return problem;
  el.focus();
  if (typeof el.select === 'function') el.select();
  else el.ownerDocument.getSelection().selectAllChildren(el);
  return { empty: (el.value ?? el.textContent) === '' };
};

/** Chooses an option of a list by its text or value. */
const choose = ({ locator, option }) => {
  const { el, ...problem } = only(locator);
  if (!el) return problem;
  const found = [...(el.options ?? [])].find((one) => squeeze(one.label) === option || one.value === option);
  if (!found) return { problem: 'absent', there: [...(el.options ?? [])].map((one) => squeeze(one.label)) };
  el.value = found.value;
  el.dispatchEvent(new Event('input', { bubbles: true }));
  el.dispatchEvent(new Event('change', { bubbles: true }));
  return {};
};

/** How an element stands: its text, value and whether it can be used. */
const read = (locator) => {
  const { el, ...problem } = only(locator);
  if (!el) return problem;
  return {
    text: squeeze(el.innerText ?? el.textContent),
    value: el.value ?? null,
    checked: el.checked ?? (el.getAttribute('aria-checked') === null ? null : el.getAttribute('aria-checked') === 'true'),
    disabled: isDisabled(el),
    unreadable: unreadable(el),
  };
};

/** Everything on the page that a person can read, one block a line. */
const readable = () => [...blocks(everything())].filter(([el]) => shown(el) && !unreadable(el)).map(([, text]) => text).join('\n');

/** Whether a readable block holds this text. */
const shows = (text) => {
  const wanted = squeeze(text).toLowerCase();
  return [...blocks(everything())].some(([el, said]) => said.toLowerCase().includes(wanted) && shown(el) && !unreadable(el));
};

/** Whether nothing moves any more: loaded, not busy by its own word, no change for 60 ms, and no transition under way. */
const settled = () => {
  if (document.readyState !== 'complete' || document.querySelector('[aria-busy=true]')) return false;
  const moving = document.getAnimations().some((animation) => animation.playState === 'running' && animation.effect?.getTiming().iterations !== Infinity);
  return !moving && performance.now() - memory.changedAt > 60;
};

/** The page as markup, with the content of open shadow roots. */
const snapshot = () => {
  const roots = everything().map((el) => el.shadowRoot).filter(Boolean);
  const html = document.documentElement;
  return `<!doctype html>\n${html.getHTML ? html.outerHTML.replace(/>[\s\S]*$/, '>') + html.getHTML({ shadowRoots: roots }) + '</html>' : html.outerHTML}`;
};

const calls = { aim, mark: markAt, select, choose, read, readable, shows, settled, snapshot, changed, hints, judge, count: (locator) => find(locator).length };

globalThis.paidpath = {
  rules: (rules) => Object.assign(memory.rules, rules),
  call: (name, argument) => JSON.stringify(calls[name](argument) ?? null),
};

if (document.readyState === 'complete') mark(null);
else addEventListener('load', () => setTimeout(() => memory.mark ?? mark(null)), { once: true });
addEventListener('DOMContentLoaded', () => memory.mark ?? watchAll(), { once: true });
