// The path as a picture: services as boxes, calls as arrows. A broken hop is red, dashed and marked; a hop that nobody took
// is dotted. The list of hops beside it says the same in words.

const BOX = [118, 38];

/** Where the services of a shop stand, on a wide and on a narrow screen. */
const WIDE = {
  width: 900, height: 326,
  at: {
    member: [62, 122], storefront: [300, 122], flags: [300, 26], billing: [300, 296],
    entitlement: [614, 296], generation: [614, 122], worker: [838, 122],
  },
};
const NARROW = {
  width: 420, height: 470,
  at: {
    member: [84, 26], storefront: [84, 122], flags: [336, 46], billing: [84, 340],
    entitlement: [336, 192], generation: [336, 340], worker: [336, 444],
  },
};

/** Services that are not a shop's are laid out by how far they are from the member. */
function places(edges) {
  const names = [...new Set(edges.flat())];
  if (names.every((name) => name in WIDE.at)) return matchMedia("(max-width: 700px)").matches ? NARROW : WIDE;
  const depth = new Map([[edges[0][0], 0]]);
  for (let grew = true; grew;) {
    grew = false;
    for (const [from, to] of edges) {
      if (depth.has(from) && !depth.has(to)) {
        depth.set(to, depth.get(from) + 1);
        grew = true;
      }
    }
  }
  const columns = [];
  for (const name of names) (columns[depth.get(name) ?? 0] ??= []).push(name);
  const rows = Math.max(...columns.map((column) => column?.length ?? 0));
  const [width, height] = [columns.length * 200, rows * 90 + 20];
  const at = {};
  columns.forEach((column, x) => column?.forEach((name, y) => {
    at[name] = [x * 200 + 100, ((y + 0.5) * height) / column.length];
  }));
  return { at, width, height };
}

/** The point where the line from the middle of a box towards `to` leaves the box. */
function border([x, y], [tx, ty], gap) {
  const [dx, dy] = [tx - x, ty - y];
  const reach = Math.min(
    dx === 0 ? Infinity : (BOX[0] / 2 + gap) / Math.abs(dx),
    dy === 0 ? Infinity : (BOX[1] / 2 + gap) / Math.abs(dy),
  );
  return [x + dx * reach, y + dy * reach];
}

/** What happened on one edge: its state and the words on its arrow. */
function traffic(edge, attempt, order) {
  const name = edge.join(" → ");
  const calls = attempt.exchanges.map(unpacked).filter((one) => one.edge === name);
  const hops = attempt.diagnosis?.hops ?? [];
  const broken = hops.some((hop) => hop.edge === name && hop.state === "broken") || attempt.diagnosis?.edge === name;
  const slowest = Math.max(0, ...calls.map((call) => call.took));
  const number = order.indexOf(name) + 1;
  if (broken) {
    const bad = calls.find((call) => call.broken(attempt)) ?? calls.at(-1);
    return { name, state: "broken", says: `✗ ${bad ? String(bad.ended).split(":")[0] : "never called"}`, calls };
  }
  if (calls.length === 0) return { name, state: "absent", says: "", calls };
  return { name, state: "kept", says: `${number}. ${calls.length > 1 ? `${calls.length}× ` : ""}${time(slowest)}`, calls };
}

function picture(attempt) {
  const edges = run.edges;
  if (edges.length === 0) return null;
  const { at, width, height } = places(edges);
  const order = [...new Set(attempt.exchanges.map((one) => unpacked(one).edge))];
  const all = edges.map((edge) => ({ edge, ...traffic(edge, attempt, order) }));
  const used = new Set(all.filter((one) => one.state !== "absent").flatMap((one) => one.edge));
  const [lines, labels] = [[], []];
  for (const { edge: [from, to], state, says } of all.sort((a, b) => (b.state === "absent") - (a.state === "absent"))) {
    const twin = edges.some(([a, b]) => a === to && b === from);
    const [dx, dy] = [at[to][0] - at[from][0], at[to][1] - at[from][1]];
    const length = Math.hypot(dx, dy) || 1;
    const aside = twin ? 20 : 0;
    const shift = ([x, y]) => [x - (dy / length) * aside, y + (dx / length) * aside];
    const [start, end] = [border(shift(at[from]), shift(at[to]), 2), border(shift(at[to]), shift(at[from]), 11)];
    if (twin) {
      // Side by side: both ends meet the boxes where the shifted line does.
      [start, end].forEach((point, index) => {
        const box = index === 0 ? at[from] : at[to];
        if (dx === 0) point[1] = box[1] + Math.sign(index === 0 ? dy : -dy) * (BOX[1] / 2 + (index === 0 ? 2 : 11));
      });
    }
    const angle = (Math.atan2(end[1] - start[1], end[0] - start[0]) * 180) / Math.PI;
    const shown = state === "kept" ? "" : ` ${state}`;
    lines.push(
      svg("line", { class: `edge${shown}`, x1: start[0], y1: start[1], x2: end[0], y2: end[1] }),
      svg("path", { class: `tip${shown}`, d: "M9 0 L-2 -5 L-2 5 Z", transform: `translate(${end[0]} ${end[1]}) rotate(${angle})` }),
    );
    if (says) {
      // Diagonals cross in the middle: their labels stand nearer to the start.
      const share = dx !== 0 && dy !== 0 ? 0.3 : 0.5;
      const [x, y] = [start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share];
      const half = says.length * 3.6 + 6;
      // Level arrows are short: their label stands above. Twins have theirs on the outer side.
      const outward = twin ? (dy < 0 ? half - 8 : 8 - half) : 0;
      labels.push(svg("g", { class: `label${shown}`, transform: `translate(${x + outward} ${dy === 0 ? y - 14 : y})` },
        svg("rect", { x: -half, y: -9, width: half * 2, height: 18, rx: 9 }), svg("text", {}, says)));
    }
  }
  const boxes = [...new Set(edges.flat())].map((name) =>
    svg("g", { class: used.has(name) ? "" : "idle", transform: `translate(${at[name][0]} ${at[name][1]})` },
      svg("rect", { class: "box", x: -BOX[0] / 2, y: -BOX[1] / 2, width: BOX[0], height: BOX[1], rx: name === "member" ? 19 : 8 }),
      svg("text", {}, name)));
  const broken = all.filter((one) => one.state === "broken").map((one) => one.name);
  const label = broken.length ? `The path is broken at ${broken.join(", ")}.` : "The path, unbroken.";
  return el("div", { class: "path" },
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, lines, boxes, labels));
}

const HOPS = { kept: ["passed", "✓"], broken: ["failed", "✗"], absent: ["skipped", "·"] };

/** The same in words. */
function hops(attempt) {
  const all = attempt.diagnosis?.hops ?? [];
  if (all.length === 0) return null;
  return el("ol", { class: "hops" }, all.map((hop) => {
    const [state, sign] = HOPS[hop.state];
    return el("li", { class: `state-${state}` },
      el("span", { class: "mark", role: "img", "aria-label": hop.state }, sign),
      el("span", {}, hop.name),
      el("span", { class: "note" }, el("span", { class: "where" }, hop.edge), hop.note ? ` – ${hop.note}` : ""));
  }));
}
