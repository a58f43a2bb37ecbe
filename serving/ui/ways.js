// Where to find more: the runbook and the dashboard. Only web addresses become links, anything else stays text.

import { isWebAddress } from "./api.js";
import { element } from "./cards.js";

const NAMES = { runbook: "Runbook", dashboard: "Dashboard" };

/** The ways on from something with a `runbook` and a `dashboard`; `what` says of what they are. */
export function waysOf(item, what) {
  const ways = Object.entries(NAMES).filter(([kind]) => item[kind]).map(([kind, name]) => way(name, item[kind], what));
  return element("p", { className: "ways" }, ...ways);
}

function way(name, address, what) {
  if (!isWebAddress(address)) return element("span", { className: "hint", textContent: `${name}: ${address}` });
  const link = element("a", { href: address, textContent: name, target: "_blank", rel: "noopener noreferrer" });
  link.setAttribute("aria-label", `${name}: ${what}`);
  return link;
}
