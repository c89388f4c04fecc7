// Remembers how the page looked before an action, and what came and went since.

const memory = {
  rules: { classes: [], words: [] },
  mark: null, // how it looked before the action
  press: null, // the element that is being pressed, and what got the press instead
  dirty: true, // something may look different from the last look
  changedAt: performance.now(),
  regions: new WeakMap(), // live regions: since when they are there
  said: new Map(), // error-like texts that came since the mark: element → { text, at, gone }
  watched: new WeakSet(),
  waiting: new Set(), // whoever is to be woken when something may look different
};

const LIVE = '[role=alert],[role=status],[role=log],[role=alertdialog],[aria-live=polite],[aria-live=assertive],output';

/** What changes by itself, whatever a person does: no answer to a press, no message, and no sign that something is under way. */
const TICKING = '[role=timer],[role=marquee]';

/** In how many milliseconds the page may change by itself: 0 where nobody can say, infinitely many (in JSON `null`) where nothing is planned. */
const changesIn = () => {
  let next = 0;
  const hear = ({ detail }) => (next = JSON.parse(detail) ?? Infinity);
  addEventListener('paidpath-hears', hear);
  dispatchEvent(new CustomEvent('paidpath-asks'));
  removeEventListener('paidpath-hears', hear);
  return next;
};

const touched = () => {
  memory.dirty = true;
  memory.changedAt = performance.now();
  for (const wake of [...memory.waiting]) wake();
};

const watchRoot = (root) => {
  if (memory.watched.has(root)) return;
  memory.watched.add(root);
  const observer = new MutationObserver((records) => {
    if (records.some(({ target }) => !nearest(target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement ?? document.documentElement, TICKING))) touched();
    for (const record of records) {
      if (record.type === 'attributes' && !['class', 'hidden', 'style', 'open'].includes(record.attributeName)) continue;
      const nodes = record.type === 'childList' ? record.addedNodes : [record.target];
      for (const node of nodes) {
        const el = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement ?? record.target;
        if (el?.nodeType === Node.ELEMENT_NODE) arrived(el);
      }
    }
    missing();
  });
  observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
  for (const event of ['input', 'change', 'focusin', 'scroll', 'toggle', 'transitionend', 'animationend', 'load']) {
    root.addEventListener(event, touched, { capture: true, passive: true });
  }
  for (const event of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'dblclick']) {
    root.addEventListener(event, guard, { capture: true });
  }
};

/**
 * Keeps a press from what took the place of the element between aiming and pressing: nobody wanted to press that. The first
 * touch decides; what a press itself moves may get the rest of it.
 */
const guard = (event) => {
  const { press } = memory;
  if (!press || !event.isTrusted) return;
  if (event.type === 'pointerdown' && !press.touched) {
    press.touched = true;
    const [top] = event.composedPath();
    if (!hits(top, press.el)) press.other = describe(top);
  }
  if (!press.other) return;
  event.stopImmediatePropagation();
  event.preventDefault();
};

const watchAll = () => {
  watchRoot(document);
  for (const el of everything()) {
    if (el.shadowRoot) watchRoot(el.shadowRoot);
    const inner = frameDocument(el);
    if (inner) watchRoot(inner);
    noteRegion(el);
  }
};

const noteRegion = (el) => {
  if (el.matches(LIVE) && !memory.regions.has(el)) memory.regions.set(el, performance.now());
};

const arrived = (el) => {
  noteRegion(el);
  let left = 100;
  for (const inner of el.querySelectorAll('*')) {
    noteRegion(inner);
    if (inner.shadowRoot) watchRoot(inner.shadowRoot);
    if (--left === 0) break;
  }
  if (el.shadowRoot) watchRoot(el.shadowRoot);
  if (!memory.mark) return;
  for (const text of [el, ...[...el.querySelectorAll('*')].slice(0, 50)]) {
    if (memory.said.has(text) || !hasOwnText(text)) continue;
    const block = blockOf(text);
    const words = squeeze(block.textContent);
    if (memory.mark.texts.get(block) === words || !shown(block) || !soundsWrong(block, words)) continue;
    if (!memory.said.has(block)) memory.said.set(block, { text: words, at: performance.now(), gone: null });
  }
};

const missing = () => {
  for (const [el, entry] of memory.said) {
    const there = el.isConnected && shown(el) && squeeze(el.textContent) !== '';
    if (there) entry.gone = null;
    else entry.gone ??= performance.now();
  }
};

const SILENT = 'script,style,noscript,template,title,option,head,svg';
const hasOwnText = (el) => !el.matches(SILENT) && [...el.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');

/** The paragraph, cell or box that a piece of text belongs to; what is announced or marked as an error speaks for itself. */
const blockOf = (el, holdsField = new Map()) => {
  let at = el;
  while (at.parentElement && !isControl(at) && at.localName !== 'label' && !at.matches(LIVE) && !hasErrorClass(at) && styleOf(at).display.startsWith('inline') && styleOf(at).position === 'static') {
    const parent = at.parentElement;
    if (parent === at.ownerDocument.body || isControl(parent)) break;
    if (!holdsField.has(parent)) holdsField.set(parent, parent.querySelector(FIELD) !== null); // once, however many children ask
    if (holdsField.get(parent)) break;
    at = parent;
  }
  return at;
};

/** Every block with text, with its text; at most so many, for pages of tens of thousands of nodes. */
const blocks = (all, limit = 20000) => {
  const found = new Map();
  const holdsField = new Map();
  for (const el of all) {
    if (!hasOwnText(el)) continue;
    const block = blockOf(el, holdsField);
    if (!found.has(block)) found.set(block, squeeze(block.textContent));
    if (found.size >= limit) break;
  }
  return found;
};

/** Red ink, red paper, an error class, or words of failure: what a message about a failure looks like. */
const soundsWrong = (el, text) => {
  const lower = ` ${text.toLowerCase()}`;
  const words = memory.rules.words.some((word) => lower.includes(word));
  const classed = hasErrorClass(el) || (parentOf(el) !== null && hasErrorClass(parentOf(el)));
  const alert = nearest(el, '[role=alert],[role=alertdialog]') !== null;
  if (!(words || classed || alert) || nearest(el, CONTROL)) return false;
  if (alert || classed) return alert || text !== '';
  if (nearest(el, `${LIVE},[class*=toast],[class*=snackbar],[class*=notif],dialog`)) return true;
  const ground = behind(el);
  return (ground !== null && isRed(ground, 0.07)) || isRed(colour(styleOf(el).color), 0.25);
};

const hasErrorClass = (el) => [...el.classList].some((name) => memory.rules.classes.includes(name.toLowerCase()));

const PICTURES = 'img,canvas,video,svg[aria-label],svg[role=img]';

/** What a person can set, as it stands. Whether a button is disabled is not among it: greying out explains nothing. */
const settings = (el) => {
  const states = ['aria-checked', 'aria-pressed', 'aria-selected', 'aria-current', 'aria-valuenow', 'open'];
  return `${el.value ?? ''}|${el.checked ?? ''}|${el.selectedIndex ?? ''}|${states.map((name) => el.getAttribute(name) ?? '')}`;
};
const SETTABLE = `${FIELD},details,dialog,[aria-checked],[aria-pressed],[aria-selected],[aria-current],[role=progressbar],progress`;

const look = () => {
  const all = everything();
  const said = blocks(all);
  return {
    all,
    said,
    texts: new Map([...said].filter(([el]) => shown(el))),
    settings: new Map(all.filter((el) => el.matches(SETTABLE)).map((el) => [el, settings(el)])),
    pictures: new Map(all.filter((el) => el.matches(PICTURES) && shown(el)).map((el) => [el, el.currentSrc || el.src || ''])),
  };
};

/** Remembers the page as it is now; what is compared later is compared with this. */
const mark = (target) => {
  watchAll();
  const now = look();
  memory.said.clear();
  const small = now.all.length <= 4000;
  memory.mark = {
    ...now,
    at: performance.now(),
    target: target ?? null,
    known: new WeakSet(now.all),
    focus: focused(),
    scroll: scrollY,
    title: document.title,
    url: location.href,
    red: new Map(now.all.filter((el) => small || isField(el)).map((el) => [el, redness(el)])),
    names: new Map(now.all.filter(isControl).slice(0, 500).map((el) => [el, nameOf(el)])),
    disabled: new Set(now.all.filter((el) => isControl(el) && isDisabled(el))),
    busy: new Set(now.all.filter(isBusy)),
  };
  delete memory.mark.all;
  memory.dirty = true;
  return now.all.length;
};

const SPINNER = '[aria-busy=true],[role=progressbar]:not([aria-valuenow]),progress:not([value]),[class*=spinner],[class*=loading],[class*=loader]';
const isBusy = (el) => el.matches(SPINNER) && shown(el) && el.getClientRects().length > 0;

const ticks = (el) => nearest(el, TICKING) !== null || el.querySelector(TICKING) !== null;

/** The first change since the mark that a person can read or see; null while there is none. */
const changed = () => {
  const before = memory.mark;
  if (!before) return null;
  if (before.target?.isConnected && isDisabled(before.target) && reasonFor(before.target)) return 'it is disabled, and the page says why';
  if (!memory.dirty) return null;
  memory.dirty = false;
  if (location.href !== before.url) return `the address became ${location.href}`;
  const now = look();
  for (const [el, text] of now.texts) {
    if (before.texts.get(el) !== text && !ticks(el) && !unreadable(el)) return `the page shows “${text.slice(0, 120)}”`;
  }
  for (const [el, text] of before.texts) {
    if (!now.texts.has(el) && !memory.said.has(el) && !ticks(el)) return `“${text.slice(0, 120)}” went away`;
  }
  for (const { text, gone } of memory.said.values()) if (gone !== null) return `“${text.slice(0, 120)}” came and went`;
  for (const [el, state] of now.settings) {
    const was = before.settings.get(el);
    if (was !== undefined ? was !== state : isField(el) && shown(el)) return `${describe(el)} changed`;
  }
  for (const [el, source] of now.pictures) {
    if (before.pictures.get(el) !== source) return `a picture came: ${describe(el)}`;
  }
  const at = focused();
  if (at !== before.focus && at !== before.target && at !== document.body && !(before.target && (within(at, before.target) || within(before.target, at))) && wrongOnes(now.all).size === 0) {
    // Where something is wrong, a cursor that is put there does not say what.
    return `the focus moved to ${describe(at)}`;
  }
  return Math.abs(scrollY - before.scroll) > 50 ? 'the page scrolled' : null;
};

/** Traces of an attempt that no person notices: for the sentence of a finding. */
const hints = () => {
  const found = [];
  if (document.title !== memory.mark?.title) found.push(`only the title changed, to “${document.title}”`);
  for (const el of everything().slice(0, 4000)) {
    if (!memory.mark?.red.has(el)) continue;
    const fresh = redness(el).filter((aspect) => !memory.mark.red.get(el).includes(aspect));
    if (fresh.length && shown(el)) found.push(`a red ${fresh[0]} appeared on ${describe(el)}`);
    if (found.length > 2) break;
  }
  const target = memory.mark?.target;
  if (target?.isConnected && isDisabled(target)) found.push(`${describe(target)} is disabled`);
  return found;
};
