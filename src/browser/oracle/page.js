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

const valid = (css) => {
  try {
    document.querySelector(css);
  } catch {
    throw new Error(`“${css}” is no CSS selector`);
  }
};

/** Elements by role and accessible name; by CSS where that is all there is. Hidden ones do not count. */
const find = ({ role, name, css }) => {
  const place = role ? (PLACES[role] ? `[role],${PLACES[role]}` : '*') : name ? NAMED : '*';
  if (css) valid(css);
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
const aimed = (locator) => {
  const { el, ...problem } = only(locator);
  if (!el) return problem;
  el.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
  const box = boxOf(el);
  if (box.right - box.left < 1 || box.bottom - box.top < 1) return { problem: 'covered', by: 'nothing: it has no size' };
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2].map(Math.floor);
  const top = stackAt(x, y)[0];
  if (top && !hits(top, el)) return { problem: 'covered', by: describe(top), x, y };
  return { el, x, y };
};

/** Whether who presses `top` presses `el`. */
const hits = (top, el) => within(top, el) || within(el, top) || [...(el.labels ?? [])].some((label) => within(top, label));

/** The same, and how the page looks before it is pressed is remembered. */
const aim = (locator) => {
  const { el, ...place } = aimed(locator);
  if (!el) return place;
  mark(el);
  memory.press = { el };
  return place;
};

/** What got the press instead of what was aimed at; null if nothing did. Such a press has had no effect: see `guard`. */
const missed = () => {
  const { other } = memory.press ?? {};
  memory.press = null;
  return other ?? null;
};

const TYPED = 'input:not([type=checkbox],[type=radio],[type=range],[type=color],[type=file],[type=button],[type=submit],[type=reset],[type=image]),textarea';

/** Puts the cursor into a field and selects what is there, so that typing replaces it. */
const select = (locator) => {
  const { el, ...problem } = aimed(locator);
  if (!el) return problem;
  if (!el.matches(TYPED) && !el.isContentEditable) return { problem: 'unfit', use: 'typed into' };
  if (isDisabled(el) || el.readOnly) return { problem: 'unfit', use: 'typed into now' };
  el.focus();
  if (typeof el.select === 'function') el.select();
  else el.ownerDocument.getSelection().selectAllChildren(el);
  return { empty: (el.value ?? el.textContent) === '' };
};

/** Chooses an option of a list by its text or value. */
const choose = ({ locator, option }) => {
  const { el, ...problem } = only(locator);
  if (!el) return problem;
  if (!el.options) return { problem: 'unfit', use: 'chosen from: it is no list' };
  mark(el);
  const found = [...el.options].find((one) => squeeze(one.label) === option || one.value === option);
  if (!found) return { problem: 'absent', there: [...el.options].map((one) => squeeze(one.label)) };
  el.value = found.value;
  el.dispatchEvent(new Event('input', { bubbles: true }));
  el.dispatchEvent(new Event('change', { bubbles: true }));
  return {};
};

/** How an element stands: its text, value and whether it can be used. */
const read = ({ locator }) => {
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
const shows = ({ text }) => {
  const wanted = squeeze(text).toLowerCase();
  return [...blocks(everything())].some(([el, said]) => said.toLowerCase().includes(wanted) && shown(el) && !unreadable(el));
};

/** For how many milliseconds nothing has changed on a page that has come to rest: longer than two frames. */
const REST = 40;
/** The same where nothing is planned: what is done in pieces has a piece ready at once. */
const PIECE = 10;

/** Whether nothing moves any more: loaded, not busy by its own word, no change for a while, and no transition under way. */
const settled = () => {
  if (document.readyState !== 'complete' || document.querySelector('[aria-busy=true]')) return false;
  const moving = document.getAnimations().some((animation) => animation.playState === 'running' && animation.effect?.getTiming().iterations !== Infinity);
  return !moving && (quiet() > REST || (quiet() > PIECE && changesIn() > REST));
};

/** The page as markup, with the content of open shadow roots. */
const snapshot = () => {
  const roots = everything().map((el) => el.shadowRoot).filter(Boolean);
  const html = document.documentElement;
  return `<!doctype html>\n${html.getHTML ? html.outerHTML.replace(/>[\s\S]*$/, '>') + html.getHTML({ shadowRoots: roots }) + '</html>' : html.outerHTML}`;
};

/** For how many milliseconds nothing has changed. */
const quiet = () => performance.now() - memory.changedAt;

/** For how long nothing has changed, and in how many milliseconds something may change by itself. */
const outlook = () => ({ quiet: quiet(), next: changesIn() });

const count = ({ locator }) => find(locator).length;
const markNow = () => mark(null);

const calls = { aim, mark: markNow, select, choose, read, readable, shows, settled, snapshot, changed, hints, judge, count, outlook, missed };

/** Which answer to a question is the one that is waited for. */
const usable = ({ problem }) => problem === undefined;
const holds = {
  aim: usable,
  select: usable,
  choose: usable,
  read: (found, { says }) => (says === undefined ? usable(found) : Boolean(found.text?.includes(says)) && !found.unreadable),
  shows: (is, { wanted }) => is === wanted,
  count: (is, { wanted }) => is === wanted,
  changed: (what) => what !== null,
  settled: Boolean,
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves when something may look different, and after so many milliseconds at the latest: not every change leaves a trace. */
const stirred = (milliseconds) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      memory.waiting.delete(done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    memory.waiting.add(done);
  });

/**
 * Asks a question until its answer is the one that is waited for, or for so many milliseconds; answers with the last answer.
 * Waiting is done here because each question from outside goes through four processes.
 */
const ask = async (name, argument, within) => {
  const until = performance.now() + within;
  for (;;) {
    const began = performance.now();
    const answer = calls[name](argument);
    const now = performance.now();
    if (now >= until || holds[name](answer, argument)) return answer;
    if (name === 'settled') {
      await pause(8);
    } else {
      await stirred(Math.min(100, until - now));
      await pause(Math.max(4, now - began)); // what changes one thing often changes several; and half of the time is the page's
    }
  }
};

globalThis.paidpath = {
  rules: (rules) => Object.assign(memory.rules, rules),
  call: async (name, argument, within) => JSON.stringify((within > 0 ? await ask(name, argument, within) : calls[name](argument)) ?? null),
};

if (document.readyState === 'complete') mark(null);
else addEventListener('load', () => setTimeout(() => memory.mark ?? mark(null)), { once: true });
addEventListener('DOMContentLoaded', () => memory.mark ?? watchAll(), { once: true });
