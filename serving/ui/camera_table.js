// The cameras in a table: what the API itself knows of them, with and without Prometheus.

import * as api from "./api.js";
import { element } from "./cards.js";
import { age, isLive, sum } from "./cameras.js";

export class CameraTable {
  constructor(rows, note) {
    this.rows = rows;
    this.note = note;
  }

  async refresh() {
    try {
      const { cameras } = await api.cameras();
      this.rows.replaceChildren(...cameras.map(row));
      this.note.textContent = cameras.length ? "" : "No camera has published yet.";
    } catch (problem) {
      this.note.textContent = "The cameras' figures are not to be had right now.";
    }
  }
}

function row(figures) {
  const live = isLive(figures);
  const dot = element("span", { className: live ? "dot live" : "dot" });
  const name = element("th", { scope: "row" }, dot, figures.camera);
  const last = figures.lag_s === null ? "never" : `${age(figures.lag_s)} ago`;
  const numbers = [figures.fps.toFixed(1), last, figures.seen, figures.sightings, sum(figures.shed), sum(figures.dead ?? {})];
  const cells = [live ? "live" : "quiet", ...numbers].map((text) => element("td", { textContent: text.toLocaleString() }));
  return element("tr", {}, name, ...cells);
}
