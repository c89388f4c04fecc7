// The list of scenarios. Only the visible rows exist, so that ten thousand scenarios are as fast as ten.

const ROW = 52;

class List {
  constructor(onchoose) {
    this.items = [];
    this.chosen = null;
    this.filters = {};
    this.onchoose = onchoose;
    this.rows = el("ul");
    this.element = el("div", { class: "list", tabindex: "-1" }, this.rows);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  show(items, filters, chosen) {
    const moved = chosen !== this.chosen;
    [this.items, this.filters, this.chosen] = [items, filters, chosen];
    this.rows.style.height = `${items.length * ROW}px`;
    if (moved && chosen) this.reveal(items.indexOf(chosen));
    this.draw(true);
  }

  reveal(index) {
    const { scrollTop, clientHeight } = this.element;
    if (index < 0 || (index * ROW >= scrollTop && (index + 1) * ROW <= scrollTop + clientHeight)) return;
    this.element.scrollTop = Math.max(0, index * ROW - clientHeight / 3);
  }

  draw(afresh = false) {
    const from = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 6);
    const to = Math.min(this.items.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + 6);
    if (!afresh && from === this.from && to === this.to) return;
    [this.from, this.to] = [from, to];
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.index : null;
    this.rows.replaceChildren(...this.items.slice(from, to).map((one, offset) => this.row(one, from + offset)));
    if (focused !== null) this.rows.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
  }

  row(one, index) {
    const row = el("li", { "aria-setsize": this.items.length, "aria-posinset": index + 1 },
      el("a", {
        href: address("", one.key, this.filters), class: `state-${one.verdict}`, "data-index": index,
        "aria-current": one === this.chosen ? "true" : null, title: one.name,
      },
        mark(one.verdict),
        el("span", { class: "name" }, one.name),
        el("span", { class: "time" }, one.verdict === "skipped" ? "" : time(one.took)),
        el("span", { class: "under" }, [one.flaky && "flaky · ", one.quarantine && "quarantined · ", one.why || one.feature])));
    row.style.transform = `translateY(${index * ROW}px)`;
    return row;
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (!by || this.items.length === 0) return;
    event.preventDefault();
    const at = Number(document.activeElement?.dataset?.index ?? this.items.indexOf(this.chosen));
    const next = Math.min(this.items.length - 1, Math.max(0, at + by));
    this.reveal(next);
    this.draw(true);
    this.rows.querySelector(`[data-index="${next}"]`)?.focus({ preventScroll: true });
    this.onchoose(this.items[next]);
  }
}
