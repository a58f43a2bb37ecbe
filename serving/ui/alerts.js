// An alert that fires, with what helps. Its texts come from outside: they go in as text, and only web addresses as links.

import { element } from "./cards.js";
import { age } from "./cameras.js";
import { markOf } from "./marks.js";

const LINKS = { runbook: "Runbook", dashboard: "Dashboard" };

/** A list item; `nowMs` is when the alert was asked for. */
export function alertItem(alert, nowMs) {
  const state = alert.severity === "critical" ? "bad" : "warn";
  const since = element("time", { dateTime: alert.since, textContent: `for ${age(Math.max(0, (nowMs - Date.parse(alert.since)) / 1000))}` });
  since.title = new Date(alert.since).toLocaleString(undefined, { hourCycle: "h23" });
  const head = element("p", {}, markOf(state), element("strong", { textContent: alert.name }), since);
  const item = element("li", { className: "alert" }, head, element("p", { textContent: alert.summary }));
  item.dataset.state = state;
  const links = Object.entries(LINKS).filter(([kind]) => alert[kind]).map(([kind, name]) => way(name, alert[kind], alert.name));
  if (links.length) item.append(element("p", { className: "ways" }, ...links));
  return item;
}

function way(name, address, alert) {
  if (!/^https?:\/\//.test(address)) return element("span", { className: "hint", textContent: `${name}: ${address}` });
  const link = element("a", { href: address, textContent: name, target: "_blank", rel: "noopener noreferrer" });
  link.setAttribute("aria-label", `${name} of ${alert}`);
  return link;
}
