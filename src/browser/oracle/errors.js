// In an error state: what looks or says that it is wrong, and whether a person is told what and why.

const ASPECTS = {
  border: (style) => ['Top', 'Right', 'Bottom', 'Left'].some((side) =>
    parseFloat(style[`border${side}Width`]) > 0 && inked(style[`border${side}Color`])),
  outline: (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 && inked(style.outlineColor),
  shadow: (style) => style.boxShadow !== 'none' &&
    (style.boxShadow.match(/[a-z-]+\([^()]*\)|#[0-9a-f]+/gi) ?? []).some((paint) => inked(paint, 0.07)),
  background: (style) => inked(style.backgroundColor, 0.07),
};
const inked = (text, chroma = 0.25) => {
  const paint = colour(text);
  return paint[3] > 20 && isRed(over(paint, [255, 255, 255]), chroma);
};

/** The parts of an element that are in the error hue. */
const redness = (el) => {
  const style = styleOf(el);
  return Object.keys(ASPECTS).filter((aspect) => ASPECTS[aspect](style));
};

// A red focus ring, hover or required mark is explained by its rule, not by an error.
const EXPLAINS = /:focus|:hover|:active|:required|\[required|\[aria-required|:checked|:target|:optional/;
const rulesOf = (root) => {
  const found = [];
  const enter = (rules) => {
    for (const rule of rules) {
      if (rule.selectorText) found.push(rule);
      if (rule.cssRules) enter(rule.cssRules);
    }
  };
  for (const sheet of [...(root.styleSheets ?? []), ...(root.adoptedStyleSheets ?? [])]) {
    try {
      enter(sheet.cssRules);
    } catch {
      // a sheet of another origin does not show its rules
    }
  }
  return found;
};
const explained = (el, aspect) => {
  const property = { border: /border/, outline: /outline/, shadow: /box-shadow/, background: /background/ }[aspect];
  const rules = rulesOf(el.getRootNode()).filter((rule) => {
    if (!rule.style || ![...rule.style].some((name) => property.test(name))) return false;
    const names = [...rule.style].filter((name) => property.test(name) && (/color|shadow/.test(name) || name === property.source));
    const red = names.some((name) => (rule.style.getPropertyValue(name).match(/[a-z-]+\([^()]*\)|#[0-9a-f]+|\b[a-z]+\b/gi) ?? []).some((word) => inked(word, 0.07)) || rule.style.getPropertyValue(name).includes('var('));
    try {
      return red && el.matches(rule.selectorText.replaceAll(/::[\w-]+/g, ''));
    } catch {
      return false;
    }
  });
  return rules.length > 0 && rules.every((rule) => rule.selectorText.split(',').some((part) => EXPLAINS.test(part)));
};

const CHOSEN = ':checked,[aria-checked=true],[aria-pressed=true],[aria-selected=true],[aria-current]:not([aria-current=false])';

/** Every element that is wrong, with how it shows: Map of element to phrases. */
const wrongOnes = (all) => {
  const found = new Map();
  const say = (el, phrase) => found.set(el, [...(found.get(el) ?? []), phrase]);
  const before = memory.mark;
  for (const el of all) {
    const invalid = el.getAttribute('aria-invalid');
    if (invalid !== null && invalid !== 'false' && invalid !== '' && shown(el)) say(el, 'aria-invalid');
    if (isField(el) && el.matches(':user-invalid') && !nativeBubble(el)) say(el, 'invalid after submit');
    if (hasErrorClass(el) && (isField(el) || (fieldsIn(el).length > 0 && !el.matches('form,body,main')))) say(el, 'error class');
    if (!before?.red.has(el) || !shown(el) || el.matches('[role=progressbar],progress,meter')) continue;
    const was = before.red.get(el);
    for (const aspect of redness(el)) {
      if (was.includes(aspect) || explained(el, aspect) || el.matches(CHOSEN) || el.querySelector(CHOSEN)) continue;
      if (isControl(el) && (before.names.get(el) !== nameOf(el) || el.disabled)) continue;
      if (el.matches(LIVE) || memory.said.has(el)) continue; // a message, not the thing it is about
      say(el, `red ${aspect}`);
    }
  }
  for (const [el, aspect] of unlikePeers(all)) if (!found.has(el)) say(el, `red ${aspect}`);
  // A wrapper that only frames what is wrong inside it says nothing of its own; a field speaks for its wrapper.
  for (const el of [...found.keys()]) {
    const inner = [...found.keys()].some((other) => other !== el && within(other, el));
    const outer = [...found.keys()].some((other) => other !== el && within(el, other) && isField(other));
    if (inner || outer) found.delete(el);
  }
  return found;
};

/** Fields that were red from the start, beside fields that are not. */
const unlikePeers = (all) => {
  const fields = all.filter((el) => isField(el) && shown(el) && !isDisabled(el));
  const red = fields
    .map((el) => [el, ['border', 'outline', 'shadow'].find((aspect) => ASPECTS[aspect](styleOf(el)) && !explained(el, aspect))])
    .filter(([, aspect]) => aspect);
  return red.length < fields.length ? red : [];
};

/** The browser's own bubble explains a field that it stopped the form at. */
const nativeBubble = (el) => {
  if (!el.form || el.form.noValidate || !el.validationMessage) return false;
  return focused() === el || el.form.querySelector(':invalid:focus') !== null;
};

/** The part of the page that belongs to one field or group. */
const scopeOf = (el) => {
  let scope = el;
  for (let at = parentOf(el), levels = 0; at && levels < 5; at = parentOf(at), levels++) {
    if (at.matches('form,body,main,dialog,[role=dialog],iframe,html') || (fieldsIn(at).length > Math.max(1, fieldsIn(el).length))) break;
    scope = at;
  }
  return scope;
};

/** Every text that may be about a failure: new since the mark, or error-like from the start. */
const messages = (all) => {
  const before = memory.mark?.texts ?? new Map();
  const found = [];
  for (const [el, text] of blocks(all)) {
    if (nearest(el, CONTROL) || ticks(el)) continue;
    const fresh = before.get(el) !== text;
    const visible = shown(el);
    if (!(fresh && visible) && !hasErrorClass(el) && !(visible && soundsWrong(el, text)) && !isReferenced(el)) continue;
    // What was there and hidden before is no news.
    const stale = !visible && memory.mark?.said.get(el) === text;
    found.push({ el, text, fresh, stale, label: el.localName === 'label' || el.localName === 'legend' });
  }
  return found;
};
const isReferenced = (el) => {
  const id = el.id && CSS.escape(el.id);
  return Boolean(id) && el.getRootNode().querySelector(`[aria-describedby~="${id}"],[aria-errormessage~="${id}"]`) !== null;
};

const describedBy = (el) => [...references(el, 'aria-errormessage'), ...references(el, 'aria-describedby')];

/** Whether assistive technology says this text without being asked, or with the thing it is about. */
const announced = (message, el) => {
  if (nearest(message.el, '[aria-hidden=true]')) return false;
  for (const field of el ? fieldsIn(el).concat(el) : []) {
    if (describedBy(field).some((text) => within(message.el, text) || within(text, message.el))) return true;
    if (nameOf(field).includes(message.text)) return true;
  }
  const region = nearest(message.el, LIVE);
  if (region && region.getAttribute('aria-live') !== 'off') {
    const since = memory.regions.get(region) ?? 0;
    // An inserted alert is announced as such; any other region must have been there before it was filled.
    if (region.matches('[role=alert],[role=alertdialog],[aria-live=assertive]') || since < (memory.mark?.at ?? 0)) return true;
  }
  const at = focused();
  if (at && at !== document.body && (within(at, message.el) || within(message.el, at))) return true;
  const dialog = nearest(message.el, 'dialog[open],[role=dialog],[role=alertdialog]');
  if (dialog && at && within(at, dialog)) return true;
  return !message.fresh; // part of the page as it was loaded: read with it
};

const mentions = (text, name) =>
  (name.match(/[\p{L}\p{N}]{3,}/gu) ?? []).some((word) => text.toLowerCase().includes(word.toLowerCase()));

/** What a person is told about one wrong element: null where it is enough, else why it is not. */
const explain = (el, found, fields) => {
  const scope = scopeOf(el);
  const own = new Set(fieldsIn(el).concat(el).flatMap(describedBy));
  const elsewhere = (message) => fields.find((field) =>
    !within(field, el) && (within(message.el, scopeOf(field)) || describedBy(field).some((text) => within(message.el, text))));
  const problems = [];
  for (const message of found) {
    const mine = [...own].some((text) => within(message.el, text) || within(text, message.el)) || within(message.el, el);
    const near = mine || within(message.el, scope);
    if (near && !mine && !message.fresh && (message.label || !soundsWrong(message.el, message.text))) continue;
    if (mine && !message.fresh && (message.label || (within(message.el, el) && !own.size && !soundsWrong(message.el, message.text)))) continue;
    if (!near && !(message.fresh || soundsWrong(message.el, message.text))) continue;
    if (!near && message.stale) continue;
    const quote = `“${message.text.slice(0, 80)}”`;
    const hidden = unreadable(message.el);
    if (hidden) {
      problems.push([message.text ? 1 : 0, message.text ? `the text ${quote} ${hidden}` : `the element for its message is empty`]);
      continue;
    }
    const poor = meaningless(message.text);
    const other = near ? null : elsewhere(message);
    if (other) {
      problems.push([2, `the text ${quote} belongs to ${describe(other)}`]);
    } else if (poor) {
      problems.push([3, `the text ${quote} ${poor}`]);
    } else if (!near && isField(el) && fields.length > 1 && !el.matches('[aria-invalid=true]') && !mentions(message.text, nameOf(el))) {
      problems.push([2, `the text ${quote} does not say which thing is meant`]);
    } else if (!announced(message, el)) {
      problems.push([4, `the text ${quote} is not announced to people who cannot see it`]);
    } else {
      return null;
    }
  }
  problems.sort((a, b) => b[0] - a[0]);
  return problems[0]?.[1] ?? 'no text says what is wrong';
};

/**
 * The state of the page: every problem as { rule, element, looks, reason }. `facts` are what the browser saw since the
 * mark: pending requests, failed ones, uncaught errors, console errors, whether a dialog box spoke.
 */
const judge = (facts) => {
  watchAll();
  missing();
  const all = everything();
  const wrong = wrongOnes(all);
  const texts = messages(all);
  const fields = all.filter((el) => isField(el) && shown(el));
  const problems = [];
  const add = (rule, el, looks, reason) => problems.push({ rule, element: el ? describe(el) : 'the page', looks, reason });
  for (const [el, looks] of wrong) {
    const reason = facts.dialog ? null : explain(el, texts, fields);
    if (reason) add('U3', el, looks, goneReason() ?? reason);
  }
  const before = memory.mark;
  const news = texts.filter((message) => message.fresh && !message.label && !unreadable(message.el));
  for (const message of texts.filter((message) => message.fresh && soundsWrong(message.el, message.text))) {
    if (wrong.size > 0) break; // judged with the thing it is about
    const hidden = unreadable(message.el);
    const reason = hidden ?? meaningless(message.text) ?? (announced(message, null) ? null : 'is not announced to people who cannot see it');
    if (reason && !(hidden && news.length)) add('U3', message.el, ['an error message'], `its text “${message.text.slice(0, 80)}” ${reason}`);
  }
  for (const el of emptyAlarms(all)) if (!news.length) add('U3', el, ['an empty error box'], 'no text says what is wrong');
  if (problems.length === 0 && wrong.size === 0) {
    const gone = goneReason();
    const told = facts.dialog || news.some((message) => !meaningless(message.text));
    // What was said while something was tried again, and then worked, may go.
    const mended = facts.requests > 0 && !facts.trouble && news.some((message) => !meaningless(message.text));
    if (gone && !mended && !news.some((message) => soundsWrong(message.el, message.text))) add('U3', null, ['an error message'], gone);
    else if (facts.trouble && !told) add('U3', null, [facts.trouble], 'no text on the page says so');
  }
  const quiet = facts.pending === 0 && (facts.trouble || facts.requests === 0);
  for (const el of quiet ? all.filter((el) => isBusy(el) && !before?.busy.has(el)) : []) {
    if (!news.some((message) => !within(message.el, el) && !meaningless(message.text) && soundsWrong(message.el, message.text))) {
      add('U4', el, ['busy'], 'it goes on although nothing is under way');
      break;
    }
  }
  for (const el of facts.pending === 0 && before ? all.filter((el) => isControl(el) && isDisabled(el) && shown(el)) : []) {
    const became = !before.disabled.has(el) && before.known.has(el);
    if (!(became || el === before.target) || reasonFor(el) || news.some((message) => !meaningless(message.text))) continue;
    add('U4', el, ['disabled'], 'no text says why');
  }
  return { problems, wrong: [...wrong].map(([el, looks]) => ({ element: describe(el), looks })), texts: news.map((message) => message.text).slice(0, 20), failures: news.filter((message) => soundsWrong(message.el, message.text)).map((message) => message.text), title: document.title, ...standing(age(wrong.size > 0), facts.stays) };
};

/** For how many milliseconds the last message is there, or where none came since the mark, nothing has changed; null where nothing is wrong. */
const age = (isWrong) => {
  const came = [...memory.said.values()].map(({ at }) => at);
  if (came.length) return performance.now() - Math.max(...came);
  return isWrong ? performance.now() - memory.changedAt : null;
};

/** In how many milliseconds what is said has stood long enough, if it has not yet, and in how many the page may change by itself. */
const standing = (age, stays) => {
  if (age === null || age >= stays) return {};
  return { left: stays - age, next: changesIn() };
};

const reasonFor = (el) => {
  const texts = references(el, 'aria-describedby').map((text) => text.textContent).concat(el.title);
  if (texts.some((text) => !meaningless(text))) return true;
  const scope = nearest(el, 'form,dialog,section,fieldset,[role=dialog],[role=group]');
  if (!scope) return false;
  if ([...scope.querySelectorAll(FIELD)].some((field) => field.matches(':invalid') || field.value === '')) return true;
  return [...scope.querySelectorAll(`${LIVE},[role=note],small,.hint,.help`)].some((text) => !unreadable(text) && !meaningless(text.textContent));
};

/** Red boxes that came since the mark and hold nothing to read. */
const emptyAlarms = (all) =>
  all.filter((el) => {
    if (!memory.mark || (memory.mark.known.has(el) && !memory.mark.red.has(el))) return false;
    if (!shown(el) || isControl(el) || isField(el) || nearest(el, CONTROL) || el.matches('svg,svg *,hr,img,progress,[role=progressbar]')) return false;
    const red = redness(el);
    const alarm = el.matches('[role=alert]') || hasErrorClass(el);
    const came = !memory.mark.known.has(el) || (memory.mark.red.get(el) ?? red).length < red.length;
    const box = el.getBoundingClientRect();
    if (!came || box.width < 8 || box.height < 8 || !(red.length || (alarm && !memory.mark.known.has(el)))) return false;
    return squeeze(el.textContent) === '' && !el.querySelector('img[alt],svg[aria-label]');
  });

const goneReason = () => {
  for (const { text, gone, at } of memory.said.values()) {
    if (gone !== null) return `the text “${text.slice(0, 80)}” was taken away after ${((gone - at) / 1000).toFixed(1)} s`;
  }
  return null;
};
