// Walking a page as a person meets it: through open shadow roots and same-origin frames, with names and colours.

const squeeze = (text) => (text ?? '').replace(/[\s\u200b-\u200d\u2060\ufeff]+/g, ' ').trim();

/** Every element, in document order, also inside open shadow roots and same-origin frames. */
const everything = () => {
  const found = [];
  const enter = (root) => {
    for (const el of root.querySelectorAll('*')) {
      found.push(el);
      if (el.shadowRoot) enter(el.shadowRoot);
      const inner = frameDocument(el);
      if (inner) enter(inner);
    }
  };
  enter(document);
  return found;
};

const frameDocument = (el) => {
  if (el.localName !== 'iframe' && el.localName !== 'frame') return null;
  try {
    return el.contentDocument;
  } catch {
    return null;
  }
};

/** The parent in the tree that is drawn: out of slots, shadow roots and frames. */
const parentOf = (el) => {
  if (el.assignedSlot) return el.assignedSlot;
  if (el.parentElement) return el.parentElement;
  const root = el.getRootNode();
  if (root.host) return root.host;
  try {
    return el.ownerDocument.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
};

const ancestors = function* (el) {
  for (let at = el; at; at = parentOf(at)) yield at;
};

const within = (el, container) => {
  for (const at of ancestors(el)) if (at === container) return true;
  return false;
};

/** The nearest ancestor that fits, or the element itself; `closest`, through shadow roots and frames. */
const nearest = (el, selector) => {
  for (let at = el; at; ) {
    const found = at.closest(selector);
    if (found) return found;
    let top = at;
    while (top.parentElement) top = top.parentElement;
    at = parentOf(top);
  }
  return null;
};

const styleOf = (el) => (el.ownerDocument.defaultView ?? window).getComputedStyle(el);

/** The focused element, however deep. */
const focused = () => {
  let at = document.activeElement;
  for (;;) {
    const deeper = at?.shadowRoot?.activeElement ?? (at && frameDocument(at)?.activeElement);
    if (!deeper) return at;
    at = deeper;
  }
};

/** Where an element is in the top viewport. */
const boxOf = (el) => shifted(el, el.getBoundingClientRect());

const shifted = (el, rect) => {
  let { left, top, right, bottom } = rect;
  let view = el.ownerDocument.defaultView;
  while (view && view !== window) {
    const frame = view.frameElement;
    if (!frame) break;
    const outer = frame.getBoundingClientRect();
    const [dx, dy] = [outer.left + frame.clientLeft, outer.top + frame.clientTop];
    [left, top, right, bottom] = [left + dx, top + dy, right + dx, bottom + dy];
    view = frame.ownerDocument.defaultView;
  }
  return { left, top, right, bottom };
};

const FIELD =
  'input:not([type=hidden],[type=button],[type=submit],[type=reset],[type=image]),textarea,select,[contenteditable=""],' +
  '[contenteditable=true],[role=textbox],[role=combobox],[role=searchbox],[role=spinbutton],[role=listbox],[role=slider]';
const CONTROL = 'button,a[href],summary,[role=button],[role=link],[role=menuitem],[role=tab],[role=switch],input[type=submit],input[type=button]';

const isField = (el) => el.matches(FIELD);
const isDisabled = (el) => el.matches(':disabled,[aria-disabled=true]');
const isControl = (el) => el.matches(CONTROL);
const fieldsIn = (el) => (isField(el) ? [el] : [...el.querySelectorAll(FIELD)]);

// The browser's own computation where it offers it; the part of it that fields need where it does not.
const nameOf = (el) => {
  if (typeof el.computedName === 'string') return squeeze(el.computedName);
  const byId = references(el, 'aria-labelledby').map((label) => label.textContent).join(' ');
  const labels = [...(el.labels ?? [])].map((label) => label.textContent).join(' ');
  const own = isControl(el) ? el.textContent || el.value : '';
  return squeeze(byId || el.getAttribute('aria-label') || labels || own || el.getAttribute('alt') || el.title || el.placeholder);
};

const ROLES = { button: 'button', a: 'link', select: 'combobox', textarea: 'textbox', dialog: 'dialog', img: 'image' };
const roleOf = (el) => {
  const role = el.getAttribute('role') || el.computedRole;
  if (role) return role;
  if (el.localName !== 'input') return ROLES[el.localName] ?? el.localName;
  return { checkbox: 'checkbox', radio: 'radio', submit: 'button', button: 'button' }[el.type] ?? 'textbox';
};

/** The elements that an attribute of ids points at. */
const references = (el, attribute) =>
  (el.getAttribute(attribute) ?? '').split(/\s+/).filter(Boolean).map((id) => el.getRootNode().getElementById?.(id)).filter(Boolean);

/** How a report names an element: by role and name, else as markup. */
const describe = (el) => {
  const name = isField(el) || isControl(el) || el.matches('[role],dialog,fieldset,img') ? nameOf(el) : '';
  if (name) return `${roleOf(el)} “${name.slice(0, 60)}”`;
  const id = el.id ? `#${el.id}` : '';
  const classes = [...el.classList].slice(0, 3).map((name) => `.${name}`).join('');
  const text = squeeze(el.textContent).slice(0, 40);
  return `<${el.localName}${id}${classes}>${text ? ` “${text}”` : ''}`;
};

// Colours come in many notations; painting one pixel turns each into red, green, blue, alpha (0 to 255).
const brush = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
const paints = new Map();
const colour = (text) => {
  if (!paints.has(text)) {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = '#0000';
    brush.fillStyle = text;
    brush.fillRect(0, 0, 1, 1);
    paints.set(text, [...brush.getImageData(0, 0, 1, 1).data]);
  }
  return paints.get(text);
};
const over = ([r, g, b, a], under) => [r, g, b].map((channel, i) => (channel * a + under[i] * (255 - a)) / 255);

/** What is painted behind an element, or null where a picture is. */
const behind = (el) => {
  const layers = [];
  for (const at of ancestors(el)) {
    const style = styleOf(at);
    if (style.backgroundImage !== 'none') return null;
    const paint = colour(style.backgroundColor);
    layers.push(paint);
    if (paint[3] === 255) break;
  }
  // The canvas of a page in the dark scheme is dark where nothing is painted.
  const scheme = styleOf(document.documentElement).colorScheme;
  const dark = scheme.includes('dark') && (!scheme.includes('light') || matchMedia('(prefers-color-scheme: dark)').matches);
  return layers.reduceRight((under, paint) => over(paint, under), dark ? [18, 18, 18] : [255, 255, 255]);
};

const luminance = (rgb) => {
  const [r, g, b] = rgb.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};

/** Whether a colour is in the error hue, with at least so much chroma (0 to 1). */
const isRed = (rgb, chroma) => {
  const [r, g, b] = rgb;
  const [low, high] = [Math.min(r, g, b), Math.max(r, g, b)];
  if (high - low < chroma * 255 || r !== high) return false;
  const hue = (60 * (g - b)) / (high - low);
  return hue >= -20 && hue <= 18;
};
