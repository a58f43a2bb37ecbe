// The alerts that fire, with what helps. Their texts come from outside: they go in as text.

import { age } from "./cameras.js";
import { element } from "./cards.js";
import { markOf } from "./marks.js";
import { waysOf } from "./ways.js";

export class AlertList {
  constructor(list, none) {
    this.list = list;
    this.none = none;
    this.shown = "";
  }

  /** Show these; items that stay are not made anew, so that a link in them keeps the focus. */
  show(alerts, nowMs) {
    const shown = JSON.stringify(alerts);
    if (shown !== this.shown) this.list.replaceChildren(...alerts.map(item));
    this.shown = shown;
    this.none.hidden = alerts.length > 0;
    for (const time of this.list.querySelectorAll("time")) {
      time.textContent = `for ${age(Math.max(0, (nowMs - Date.parse(time.dateTime)) / 1000))}`;
    }
  }
}

function item(alert) {
  const since = element("time", { dateTime: alert.since, title: new Date(alert.since).toLocaleString(undefined, { hourCycle: "h23" }) });
  const head = element("p", {}, markOf(alert.state), element("strong", { textContent: alert.name }), since);
  const made = element("li", { className: "alert" }, head, element("p", { textContent: alert.summary }), waysOf(alert, alert.name));
  made.dataset.state = alert.state;
  return made;
}
