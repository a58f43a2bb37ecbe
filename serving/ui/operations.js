// Is it well? Alerts, figures and cameras, asked for again and again while this view is on and the page is seen.

import * as api from "./api.js";
import { AlertList } from "./alerts.js";
import { CameraTable } from "./camera_table.js";
import { element } from "./cards.js";
import { markOf } from "./marks.js";
import { Tile } from "./tiles.js";

const EVERY_MS = 5000;
const HEADLINES = {
  well: "All is well",
  warn: "Something wants a look",
  bad: "Something is wrong",
  unknown: "No figure has a value yet",
};
const $ = (id) => document.getElementById(id);

export class OperationsView {
  constructor() {
    this.on = false;
    this.turn = 0;
    this.running = new AbortController();
    this.tiles = new Map();
    this.alerts = new AlertList($("alert-list"), $("no-alert"));
    this.cameras = new CameraTable($("camera-rows"), $("camera-table-note"));
    document.addEventListener("visibilitychange", () => { if (this.on) this.tick(); });
  }

  start() {
    if (this.on) return;
    this.on = true;
    this.running = new AbortController();
    this.tick();
  }

  stop() {
    this.on = false;
    this.turn += 1;
    clearTimeout(this.timer);
    this.running.abort();
  }

  async tick() {
    clearTimeout(this.timer);
    this.turn += 1;
    if (document.hidden) return; // the event that shows the page again goes on from here
    const { turn } = this;
    await Promise.all([this.refresh(), this.cameras.refresh()]);
    if (turn === this.turn) this.timer = setTimeout(() => this.tick(), EVERY_MS);
  }

  async refresh() {
    try {
      this.show(await api.operations(this.running.signal));
    } catch (problem) {
      if (problem.name !== "AbortError") this.say(problem);
    }
    $("operations").setAttribute("aria-busy", "false");
  }

  show(answer) {
    $("operations-note").hidden = true;
    $("watched").hidden = false;
    $("verdict").replaceChildren(markOf(answer.state), element("strong", { textContent: HEADLINES[answer.state] ?? "" }));
    $("asked-at").textContent = `as of ${new Date(answer.time).toLocaleTimeString(undefined, { hourCycle: "h23" })}`;
    $("asked-at").classList.remove("stale");
    this.alerts.show(answer.alerts, Date.parse(answer.time));
    for (const figure of answer.figures) this.tile(figure.key).show(figure);
  }

  /** What is shown stays, and is called old; where nothing was shown yet, words take its place. */
  say(problem) {
    const known = this.tiles.size > 0 && problem.kind !== "metrics-not-watched";
    $("watched").hidden = !known;
    $("asked-at").classList.toggle("stale", known);
    if (!known) $("verdict").replaceChildren();
    $("operations-note").hidden = false;
    $("operations-note").replaceChildren(
      element("strong", { textContent: problem.title ?? "The page failed" }),
      element("p", {}, ...withCommands(problem.message)),
    );
  }

  tile(key) {
    if (!this.tiles.has(key)) {
      const tile = new Tile();
      this.tiles.set(key, tile);
      $("tiles").append(tile.root);
    }
    return this.tiles.get(key);
  }
}

/** A text whose `commands` stand out. */
function withCommands(text) {
  return text.split("`").map((part, place) => (place % 2 ? element("code", { textContent: part }) : part));
}
