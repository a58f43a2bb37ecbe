// The filter form to and from the state.

import { filterCount } from "./state.js";

const pad = (value) => String(value).padStart(2, "0");

/** RFC 3339 as what a datetime-local input shows: local, to the second. */
function toInput(text) {
  const moment = new Date(text ?? "");
  if (Number.isNaN(moment.getTime())) return "";
  const day = `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
  return `${day}T${pad(moment.getHours())}:${pad(moment.getMinutes())}:${pad(moment.getSeconds())}`;
}

function fromInput(text) {
  return text ? new Date(text).toISOString() : null;
}

export class Filters {
  /** `onChange` hears the fields that the form holds. */
  constructor(form, output, badge, onChange) {
    this.form = form;
    this.output = output;
    this.badge = badge;
    form.addEventListener("input", () => this.label());
    form.addEventListener("change", () => onChange(this.read()));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      onChange({ start: null, end: null, minScore: 0, group: true, cameras: [] });
    });
  }

  read() {
    const { start, end, minScore, group } = this.form.elements;
    return { start: fromInput(start.value), end: fromInput(end.value), minScore: Number(minScore.value), group: group.checked };
  }

  show(state) {
    const { start, end, minScore, group } = this.form.elements;
    start.value = toInput(state.start);
    end.value = toInput(state.end);
    minScore.value = state.minScore;
    group.checked = state.group;
    const count = filterCount(state);
    this.badge.textContent = count;
    this.badge.hidden = count === 0;
    this.label();
  }

  label() {
    const least = Number(this.form.elements.minScore.value);
    this.output.textContent = least ? least.toFixed(2) : "any";
  }
}
