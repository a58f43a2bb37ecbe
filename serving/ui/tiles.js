// A figure as a tile that opens: value, state and the last minutes; inside, what it is and from where on it is not well.

import { element } from "./cards.js";
import { markOf } from "./marks.js";
import { sparkline } from "./sparkline.js";
import { waysOf } from "./ways.js";

export class Tile {
  constructor() {
    this.title = element("span", { className: "figure-title" });
    this.number = element("b");
    this.unit = element("small");
    this.past = element("span", { className: "past" });
    this.words = element("p");
    this.limits = element("p", { className: "hint" });
    this.ways = null; // made once, so that a link keeps the focus
    this.mark = markOf("unknown");
    const value = element("span", { className: "value" }, this.number, " ", this.unit);
    this.summary = element("summary", {}, this.title, value, this.mark, this.past);
    this.details = element("details", { className: "tile" }, this.summary, this.words, this.limits);
    this.root = element("li", {}, this.details);
  }

  /** Show the figure as it is now; a tile that is open stays open. */
  show(figure) {
    this.details.dataset.state = figure.state;
    this.title.textContent = figure.title;
    this.number.textContent = figure.text;
    this.unit.textContent = figure.text_unit;
    this.words.textContent = figure.description;
    this.limits.textContent = limits(figure);
    if (!this.ways) {
      this.ways = waysOf(figure, figure.title);
      this.details.append(this.ways);
    }
    const mark = markOf(figure.state);
    this.mark.replaceWith(mark);
    this.mark = mark;
    this.past.replaceChildren(sparkline(figure.history, figure.warn));
  }
}

function limits({ warn, bad, unit }) {
  if (warn === null) return "Nothing to judge by: as much as there is to do.";
  const way = bad > warn ? "from" : "below";
  return `Wants a look ${way} ${amount(warn, unit)}, wrong ${way} ${amount(bad, unit)}.`;
}

function amount(value, unit) {
  const said = { seconds: [1, " s"], ratio: [100, " %"], per_second: [1, "/s"], per_minute: [1, "/min"], count: [1, ""] };
  const [factor, name] = said[unit];
  return `${Number((value * factor).toPrecision(6))}${name}`;
}
