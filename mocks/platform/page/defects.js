// The defects that are switched on for this page, in test mode. Where one is asked for, the line is marked DEFECT: it stands
// where such a bug would.

const switchedOn = new Set();

export const defects = {
  /** Whether the defect with this id, `ui.…`, is switched on. */
  has: (id) => switchedOn.has(id),

  switchOn(ids) {
    switchedOn.clear();
    for (const id of ids) switchedOn.add(id);
  },
};
