// A state as shape and word, so that nobody needs its colour.

import { element } from "./cards.js";

const SHAPES = { well: "✓", warn: "!", bad: "✕", unknown: "?" };
const WORDS = { well: "well", warn: "look", bad: "wrong", unknown: "no data" };

/** The mark of a state; nothing to be seen where nothing is judged. */
export function markOf(state) {
  const mark = element("span", { className: "mark" });
  mark.dataset.state = state;
  if (!WORDS[state]) return mark;
  const shape = element("span", { className: "shape", textContent: SHAPES[state] });
  shape.setAttribute("aria-hidden", "true");
  mark.append(shape, element("span", { textContent: WORDS[state] }));
  return mark;
}
