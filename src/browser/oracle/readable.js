// Whether a person can read a text, and whether it tells them anything.

/** Shown at all; cheap, asked of every text. */
const shown = (el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true });

/** Why nobody can read the text of this element, or null where they can. */
const unreadable = (el) => {
  const text = squeeze(el.textContent);
  if (!text) return 'is empty';
  if (!el.checkVisibility({ visibilityProperty: true })) return 'is hidden';
  let opacity = 1;
  for (const at of ancestors(el)) opacity *= Number(styleOf(at).opacity);
  if (opacity < 0.2) return 'is transparent';
  const style = styleOf(el);
  if (parseFloat(style.fontSize) < 5) return 'is too small to read';
  const rect = textRect(el);
  if (!rect) return 'has no size';
  const [width, height] = [rect.right - rect.left, rect.bottom - rect.top];
  if (width < 2 || height < 2) return 'has no size';
  if (rect.right + scrollX <= 0 || rect.bottom + scrollY <= 0) return 'is off the screen';
  const seen = clipped(el, rect);
  if (!seen || (seen.right - seen.left) * (seen.bottom - seen.top) < 0.3 * width * height) return 'is clipped away';
  if (fixedOutside(el, rect)) return 'is off the screen';
  const ink = colour(style.webkitTextFillColor || style.color);
  const ground = behind(el);
  if (ink[3] < 50) return 'is transparent';
  if (ground && contrast(over(ink, ground), ground) < 1.4) return 'has the colour of what is behind it';
  const cover = covering(el, seen);
  return cover ? `is covered by ${describe(cover)}` : null;
};

const textRect = (el) => {
  const range = el.ownerDocument.createRange();
  range.selectNodeContents(el);
  const rects = [...range.getClientRects()].filter((rect) => rect.width > 0 && rect.height > 0);
  if (!rects.length) return null;
  return shifted(el, {
    left: Math.min(...rects.map((rect) => rect.left)),
    top: Math.min(...rects.map((rect) => rect.top)),
    right: Math.max(...rects.map((rect) => rect.right)),
    bottom: Math.max(...rects.map((rect) => rect.bottom)),
  });
};

const meet = (a, b) => {
  const both = {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
  return both.right > both.left && both.bottom > both.top ? both : null;
};

/** What ancestors that cut off their content leave of a box; what can be scrolled to is not cut off. */
const clipped = (el, rect) => {
  let seen = rect;
  for (const at of ancestors(el)) {
    const style = styleOf(at);
    if (style.position === 'absolute' && /rect\((0|1)px/.test(style.clip)) return null;
    if (/inset\((50|100)%|circle\(0|polygon\(0p?x? 0p?x?, 0/.test(style.clipPath)) return null;
    const cuts = [style.overflowX, style.overflowY].map((value) => value === 'hidden' || value === 'clip');
    if (at !== document.documentElement && at !== document.body && (cuts[0] || cuts[1])) {
      const box = boxOf(at);
      const [wide, high] = cuts;
      seen = meet(seen, {
        left: wide ? box.left : -1e9,
        right: wide ? box.right : 1e9,
        top: high ? box.top : -1e9,
        bottom: high ? box.bottom : 1e9,
      });
      if (!seen) return null;
    }
    if (style.position === 'fixed') break;
  }
  return seen;
};

/** A fixed element outside the window cannot be scrolled to. */
const fixedOutside = (el, rect) => {
  const fixed = [...ancestors(el)].some((at) => styleOf(at).position === 'fixed');
  if (fixed) return !meet(rect, { left: 0, top: 0, right: innerWidth, bottom: innerHeight });
  const limit = Math.max(document.documentElement.scrollWidth, innerWidth);
  return rect.left + scrollX >= limit;
};

/** The elements under a point of the top viewport, topmost first, through frames and shadow roots. */
const stackAt = (x, y) => {
  const enter = (root, x, y) => {
    const stack = [];
    for (const el of root.elementsFromPoint(x, y)) {
      const inner = el.shadowRoot;
      if (inner && inner !== root) stack.push(...enter(inner, x, y).filter((found) => found !== el && found.getRootNode() === inner));
      const doc = frameDocument(el);
      if (doc) {
        const box = el.getBoundingClientRect();
        stack.push(...enter(doc, x - box.left - el.clientLeft, y - box.top - el.clientTop));
      }
      stack.push(el);
    }
    return stack;
  };
  return enter(document, x, y);
};

/** What is painted over most of an element's text, if anything is. */
const covering = (el, rect) => {
  if (styleOf(el).pointerEvents === 'none') return null; // hit testing cannot see it
  const view = meet(rect, { left: 0, top: 0, right: innerWidth, bottom: innerHeight });
  if (!view) return null;
  const covers = [0.1, 0.5, 0.9].map((part) => {
    const stack = stackAt(view.left + part * (view.right - view.left), (view.top + view.bottom) / 2);
    for (const at of stack) {
      if (within(at, el) || within(el, at)) return null;
      const style = styleOf(at);
      const solid = colour(style.backgroundColor)[3] > 180 || style.backgroundImage !== 'none' || at.matches('img,canvas,video');
      if (solid && Number(style.opacity) > 0.7) return at;
    }
    return null;
  });
  const found = covers.filter(Boolean);
  return found.length > 1 ? found[0] : null;
};

const VAGUE =
  /^(oops|uh oh|error|errors?|invalid|invalid (value|input|field|entry)|failed|failure|warning|not ok|bad request|forbidden|unauthorized|internal server error|an? (unknown |unexpected )?error (has )?(occurred|happened)|something went wrong|unknown error|fehler|ungültig|ein fehler ist aufgetreten)[\s.!…:]*$/i;

/** Why a text says nothing to a person, or null where it does. */
const meaningless = (text) => {
  const said = squeeze(text).replace(/^[✕✗✖×⚠❌!•*\s️]+/u, '');
  if (!said) return 'is empty';
  if (/\[object \w+\]/.test(said)) return 'says “[object Object]”';
  if (/^[{[].*["':].*[}\]]$/s.test(said)) return 'is raw JSON';
  if (/(^|[\s:(“"'])(undefined|NaN)([\s.,!)”"']|$)|(^|:)\s*null([\s.,!]|$)/.test(said)) return 'says “undefined” or “null”';
  if (/\{\{?\s*[\w.]+\s*\}?\}|%s\b/.test(said)) return 'shows an unfilled placeholder';
  if (/^\s*(Type|Reference|Syntax|Range)?Error:|\bat \w+ \(.*:\d+:\d+\)/.test(said)) return 'is a program’s error, not a sentence';
  const rest = said
    .replace(/\b[a-z0-9]+([_.-][a-z0-9]+)+\b/gi, (word) => (/[_.]|\d/.test(word) ? ' ' : word)) // codes: not_entitled, errors.date
    .replace(/\b[A-Z]{2,}[A-Z0-9]*\b|\b\w*\d\w*\b|#/g, ' '); // ERR, E42, 403
  const words = rest.match(/\p{L}{2,}/gu) ?? [];
  const ideographs = rest.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/gu) ?? [];
  if (VAGUE.test(said)) return 'says neither why nor what to do';
  if (words.length === 0) return 'is a bare code';
  if (ideographs.length < 4 && words.every((word) => /^(error|code|status|http|fehler|request|id)$/i.test(word))) return 'is a bare code';
  if (words.length < 2 && ideographs.length < 4 && !/^(required|missing|pflichtfeld|expired|unavailable|taken)$/i.test(words[0])) {
    return 'says neither why nor what to do';
  }
  return null;
};
