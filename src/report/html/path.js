// The path as a picture: services as boxes, calls as arrows. A broken hop is red, dashed and marked; a hop that nobody took
// is dotted. The list of hops beside it says the same in words. Services and edges come from the run alone.

const BOX = [118, 38];

/**
 * Where the services stand. The trunk is the way from the member to the service that is furthest away; it runs from left to
 * right, or from top to bottom on a narrow screen. Every other service stands beside its first caller: one that calls nobody on
 * one side of the trunk, the others on the other side, where they have room for arrows among themselves.
 */
function places(edges, narrow) {
  const root = edges[0][0];
  const caller = new Map([[root, null]]);
  // A Map goes on to entries that are added while it is walked, so this visits the nearest services first.
  for (const service of caller.keys()) {
    for (const [from, to] of edges) if (from === service && !caller.has(to)) caller.set(to, from);
  }
  // A service that the member never reaches, directly or not, still has to be seen.
  for (const service of edges.flat()) if (!caller.has(service)) caller.set(service, root);
  const trunk = [];
  for (let service = [...caller.keys()].at(-1); service; service = caller.get(service)) trunk.unshift(service);

  // Along the trunk, and away from it: negative for services that call nobody.
  const cells = new Map(trunk.map((service, along) => [service, [along, 0]]));
  const isTaken = (cell) => [...cells.values()].some(([along, away]) => along === cell[0] && away === cell[1]);
  for (const [service, from] of caller) {
    if (cells.has(service)) continue;
    const [along] = cells.get(from) ?? [0];
    const leaf = !edges.some(([one]) => one === service);
    // Two columns are all that a narrow screen has room for, so that services follow each other along the trunk there.
    const wanted = narrow ? Array.from(caller, (_, step) => [Math.max(0, along + step - (leaf ? 1 : 0)), 1])
      : Array.from(caller, (_, step) => [along + (step % 2), (leaf ? -1 : 1) * (1 + Math.floor(step / 2))]);
    cells.set(service, wanted.find((cell) => !isTaken(cell)));
  }
  const all = [...cells.values()];
  const [last, above, below] = [Math.max(...all.map((cell) => cell[0])), Math.min(...all.map((cell) => cell[1])), Math.max(...all.map((cell) => cell[1]))];
  const point = ([along, away]) => (narrow ? [84 + away * 252, 26 + along * 118]
    : [62 + along * 258, 26 - above * 96 + away * (away < 0 ? 96 : 174)]);
  return {
    at: Object.fromEntries([...cells].map(([service, cell]) => [service, point(cell)])),
    width: narrow ? 420 : 124 + last * 258,
    height: narrow ? 52 + last * 118 : 52 - above * 96 + below * 174,
  };
}

/** Whether a straight arrow between two points would run behind another box. */
function isBlocked([x, y], [tx, ty], others) {
  const steps = Array.from({ length: 19 }, (_, step) => (step + 1) / 20);
  return others.some(([ox, oy]) => steps.some((share) =>
    Math.abs(x + (tx - x) * share - ox) < BOX[0] / 2 && Math.abs(y + (ty - y) * share - oy) < BOX[1] / 2));
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

/** The state of one edge and the label of its arrow. */
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
  const { at, width, height } = places(edges, matchMedia("(max-width: 700px)").matches);
  const order = [...new Set(attempt.exchanges.map((one) => unpacked(one).edge))];
  const all = edges.map((edge) => ({ edge, ...traffic(edge, attempt, order) }));
  const used = new Set(all.filter((one) => one.state !== "absent").flatMap((one) => one.edge));
  const [lines, labels] = [[], []];
  for (const { edge: [from, to], state, says } of all.sort((a, b) => (b.state === "absent") - (a.state === "absent"))) {
    const twin = edges.some(([a, b]) => a === to && b === from);
    const [dx, dy] = [at[to][0] - at[from][0], at[to][1] - at[from][1]];
    const length = Math.hypot(dx, dy) || 1;
    // A box is wider than it is high: level twins stand closer together.
    const aside = !twin ? 0 : dy === 0 ? 9 : 20;
    const shift = ([x, y]) => [x - (dy / length) * aside, y + (dx / length) * aside];
    const [start, end] = [border(shift(at[from]), shift(at[to]), 2), border(shift(at[to]), shift(at[from]), 11)];
    if (twin) {
      // Side by side: both ends meet the boxes where the shifted line does.
      [start, end].forEach((point, index) => {
        const box = index === 0 ? at[from] : at[to];
        if (dx === 0) point[1] = box[1] + Math.sign(index === 0 ? dy : -dy) * (BOX[1] / 2 + (index === 0 ? 2 : 11));
      });
    }
    const others = Object.keys(at).filter((name) => name !== from && name !== to).map((name) => at[name]);
    const bend = isBlocked(start, end, others) ? 0.28 : 0;
    const middle = [(start[0] + end[0]) / 2 + dy * bend, (start[1] + end[1]) / 2 - dx * bend];
    const angle = (Math.atan2(end[1] - middle[1], end[0] - middle[0]) * 180) / Math.PI;
    const shown = state === "kept" ? "" : ` ${state}`;
    lines.push(
      svg("path", { class: `edge${shown}`, d: `M${start} Q${middle} ${end}` }),
      svg("path", { class: `tip${shown}`, d: "M9 0 L-2 -5 L-2 5 Z", transform: `translate(${end[0]} ${end[1]}) rotate(${angle})` }),
    );
    if (says) {
      // Diagonals cross in the middle: their labels stand nearer to the start.
      const share = dx !== 0 && dy !== 0 ? 0.3 : 0.5;
      const along = (axis) => (1 - share) ** 2 * start[axis] + 2 * share * (1 - share) * middle[axis] + share ** 2 * end[axis];
      const half = says.length * 3.6 + 6;
      // Level arrows are short: their label stands above. Twins have theirs on the outer side.
      const sideways = twin && dx === 0 ? (dy < 0 ? half - 8 : 8 - half) : 0;
      const upwards = dy !== 0 ? 0 : twin && dx > 0 ? 14 : -14;
      labels.push(svg("g", { class: `label${shown}`, transform: `translate(${along(0) + sideways} ${along(1) + upwards})` },
        svg("rect", { x: -half, y: -9, width: half * 2, height: 18, rx: 9 }), svg("text", {}, says)));
    }
  }
  const boxes = [...new Set(edges.flat())].map((name) =>
    svg("g", { class: used.has(name) ? "" : "idle", transform: `translate(${at[name][0]} ${at[name][1]})` },
      svg("rect", { class: "box", x: -BOX[0] / 2, y: -BOX[1] / 2, width: BOX[0], height: BOX[1], rx: name === edges[0][0] ? 19 : 8 }),
      svg("text", {}, name)));
  const broken = all.filter((one) => one.state === "broken").map((one) => one.name);
  const label = broken.length ? `The path is broken at ${broken.join(", ")}.` : "The path is not broken.";
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, lines, boxes, labels);
  // Without this, the picture of two services would be blown up to the width of the page.
  drawing.style.maxWidth = `${width * 1.1}px`;
  return el("div", { class: "path" }, drawing);
}

const HOPS = { kept: ["passed", "✓"], broken: ["failed", "✗"], absent: ["skipped", "·"] };

/** The hops as a list. */
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
