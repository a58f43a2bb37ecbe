// The query's picture: drawn upright, with a button on everybody found; a mouse may draw a box round somebody else.

import { element } from "./cards.js";

const MAX_SIDE = 1600;
const MIN_DRAWN = 8;

export class PictureView {
  /** `onBox` hears the box that a person chose, as "x,y,w,h" in pixels of the upright picture. */
  constructor(holder, canvas, onBox) {
    this.holder = holder;
    this.canvas = canvas;
    this.onBox = onBox;
    this.size = [1, 1];
    this.listenToDrawing();
  }

  /** Draw a File; raises where the browser cannot decode it. */
  async show(file) {
    const bitmap = await createImageBitmap(file); // EXIF rotation applied
    this.size = [bitmap.width, bitmap.height];
    const scale = Math.min(1, MAX_SIDE / Math.max(...this.size));
    this.canvas.width = Math.round(bitmap.width * scale);
    this.canvas.height = Math.round(bitmap.height * scale);
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    bitmap.close();
    this.mark([], null);
  }

  /** Put a button on each person; `chosen` is the box asked for, which stands out. */
  mark(people, chosen) {
    for (const old of this.holder.querySelectorAll(".person")) old.remove();
    const same = (box) => chosen && box.every((value, index) => Math.abs(value - chosen[index]) < 1.5);
    people.forEach((person, index) => this.addPerson(person.box, `Person ${index + 1} of ${people.length}`, same(person.box)));
    if (chosen && !people.some((person) => same(person.box))) this.addPerson(chosen, "The chosen part", true);
  }

  addPerson(box, label, pressed) {
    const button = element("button", { type: "button", className: "person", title: label });
    button.setAttribute("aria-label", label);
    button.setAttribute("aria-pressed", String(pressed));
    this.place(button, box);
    button.addEventListener("click", () => this.onBox(box.map((value) => value.toFixed(2)).join(",")));
    this.holder.append(button);
  }

  place(made, [x, y, w, h]) {
    const [width, height] = this.size;
    const percent = (value, whole) => `${(100 * value) / whole}%`;
    Object.assign(made.style, {
      left: percent(x, width), top: percent(y, height), width: percent(w, width), height: percent(h, height),
    });
  }

  // A finger scrolls the page, so only a mouse or a pen draws.
  listenToDrawing() {
    let from = null;
    const rubber = element("div", { className: "rubber" });
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0) return;
      from = this.point(event);
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      this.place(rubber, between(from, this.point(event)));
      this.holder.append(rubber);
    });
    const end = (event) => {
      if (!from) return;
      const box = between(from, this.point(event));
      from = null;
      rubber.remove();
      if (event.type === "pointerup" && Math.min(box[2], box[3]) >= MIN_DRAWN) this.onBox(box.map((v) => v.toFixed(1)).join(","));
    };
    this.canvas.addEventListener("pointerup", end);
    this.canvas.addEventListener("pointercancel", end);
  }

  point(event) {
    const frame = this.canvas.getBoundingClientRect();
    const inside = (value) => Math.min(1, Math.max(0, value));
    return [
      inside((event.clientX - frame.left) / frame.width) * this.size[0],
      inside((event.clientY - frame.top) / frame.height) * this.size[1],
    ];
  }
}

function between([ax, ay], [bx, by]) {
  return [Math.min(ax, bx), Math.min(ay, by), Math.abs(ax - bx), Math.abs(ay - by)];
}
