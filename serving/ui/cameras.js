// The cameras: how each is doing now, and which are looked at.

import * as api from "./api.js";
import { element } from "./cards.js";

const EVERY_MS = 2000;
const QUIET_AFTER_S = 10;

export class CameraStrip {
  /** `onChange` hears the ids that were chosen. */
  constructor(list, note, onChange) {
    this.list = list;
    this.note = note;
    this.chips = new Map();
    this.chosen = [];
    list.addEventListener("change", () => {
      onChange([...this.chips].filter(([, chip]) => chip.box.checked).map(([camera]) => camera));
    });
  }

  /** Ask for the figures now, and again and again while the page is seen. */
  async follow() {
    if (!document.hidden) await this.refresh();
    setTimeout(() => this.follow(), EVERY_MS);
  }

  async refresh() {
    try {
      const { cameras } = await api.cameras();
      for (const figures of cameras) this.chip(figures.camera).show(figures);
      this.note.textContent = cameras.length ? "" : "No camera has published yet. Publish one: sightline publish FILE --camera NAME";
    } catch (problem) {
      this.note.textContent = "The cameras' figures are not to be had right now.";
    }
    this.note.hidden = this.note.textContent === "";
  }

  /** Choose these cameras without telling anybody. */
  choose(cameras) {
    this.chosen = cameras;
    for (const camera of cameras) this.chip(camera);
    for (const [camera, chip] of this.chips) chip.box.checked = cameras.includes(camera);
  }

  chip(camera) {
    if (!this.chips.has(camera)) {
      const chip = new Chip(camera, this.chosen.includes(camera));
      this.chips.set(camera, chip);
      this.list.append(chip.root);
    }
    return this.chips.get(camera);
  }
}

class Chip {
  constructor(camera, checked) {
    this.box = element("input", { type: "checkbox", name: "camera", value: camera, checked, className: "unseen" });
    this.dot = element("span", { className: "dot" });
    this.figures = element("small");
    this.root = element("label", { className: "chip" }, this.box, this.dot, element("span", { textContent: camera }), this.figures);
  }

  show(figures) {
    const live = isLive(figures);
    this.dot.classList.toggle("live", live);
    this.figures.textContent = live ? `${figures.fps.toFixed(1)} fps · ${age(figures.lag_s)}` : quiet(figures);
    const state = live ? "live" : "quiet";
    this.root.title = `${figures.camera}: ${state}, ${figures.seen} frames seen, ${sum(figures.shed)} shed, ${figures.sightings} sightings`;
  }
}

/** Whether frames come from the camera now. */
export function isLive(figures) {
  return figures.lag_s !== null && figures.lag_s < QUIET_AFTER_S && figures.fps > 0;
}

/** All of some counts by reason. */
export function sum(counts) {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

function quiet(figures) {
  if (figures.lag_s === null) return "no frame yet";
  // A replay of old video runs now, though its frames are old.
  return figures.fps > 0 ? `${figures.fps.toFixed(1)} fps · replay` : `quiet for ${age(figures.lag_s)}`;
}

export function age(seconds) {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}
