// The defects that are switched on for this page, in test mode. Where one is asked for, the line is marked DEFECT: it stands
// where such a bug would.

/** In the place of ids: breaks nothing, and has the page name every defect whose place was come across. */
const PLACES = "?";

const switchedOn = new Set();
const comeAcross = new Set();
let tell = () => {};

export const defects = {
  /** Whether the defect with this id, `ui.…`, is switched on. */
  has(id) {
    if (switchedOn.has(PLACES) && !comeAcross.has(id)) {
      comeAcross.add(id);
      setTimeout(tell); // not from within the place itself
    }
    return switchedOn.has(id);
  },

  /** Switches on; `whenComeAcross` is called when there is news of places. */
  switchOn(ids, whenComeAcross) {
    switchedOn.clear();
    for (const id of ids) switchedOn.add(id);
    tell = whenComeAcross;
  },

  /** The ids of those whose places were come across, joined by `+`; empty where nobody wants to know. */
  comeAcross: () => [...comeAcross].join("+"),
};
