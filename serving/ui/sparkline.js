// The last minutes of a figure as a line: its foot is 0, gaps are where there was no value.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 32;
const MARGIN = 3;

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** An SVG as wide as what it is put into; `warn` is drawn where the line comes near it. */
export function sparkline(values, warn) {
  const width = Math.max(1, values.length - 1);
  const svg = node("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "sparkline" });
  const most = Math.max(0, ...values.filter((value) => value !== null));
  const top = warn !== null && warn <= most * 2 ? Math.max(most, warn) : most;
  const y = (value) => (HEIGHT - MARGIN - (top > 0 ? Math.max(0, value) / top : 0) * (HEIGHT - 2 * MARGIN)).toFixed(2);
  if (warn !== null && warn <= top) svg.append(node("path", { class: "limit", d: `M0 ${y(warn)}H${width}` }));
  for (const run of runs(values)) svg.append(...drawn(run, y));
  return svg;
}

/** Stretches without a gap, as lists of [place, value]. */
function runs(values) {
  const found = [];
  values.forEach((value, place) => {
    if (value === null) return;
    if (place > 0 && values[place - 1] !== null) found.at(-1).push([place, value]);
    else found.push([[place, value]]);
  });
  return found;
}

function drawn(run, y) {
  const points = run.map(([place, value]) => `${place} ${y(value)}`).join("L");
  const [first, last] = [run[0][0], run.at(-1)[0]];
  const line = node("path", { class: "line", d: `M${points}${run.length === 1 ? "h0" : ""}` });
  return run.length === 1 ? [line] : [node("path", { class: "area", d: `M${points}V${HEIGHT}H${first}Z` }), line, node("path", { class: "dot-now", d: `M${last} ${y(run.at(-1)[1])}h0` })];
}
