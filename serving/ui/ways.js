// Where to find more: the runbook and the dashboard. Only web addresses become links.

import { isWebAddress } from "./api.js";
import { element } from "./cards.js";
import { runbookSection } from "./runbook.js";

/** The ways on from something with a `runbook` and a `dashboard`; `what` says of what they are. */
export function waysOf({ runbook, dashboard }, what) {
  const ways = element("div", { className: "ways" });
  if (runbook) ways.append(isWebAddress(runbook) ? link("Runbook", runbook, what) : runbookSection(runbook));
  if (dashboard && isWebAddress(dashboard)) ways.append(link("Dashboard", dashboard, what));
  return ways;
}

function link(name, address, what) {
  const made = element("a", { href: address, textContent: name, target: "_blank", rel: "noopener noreferrer" });
  made.setAttribute("aria-label", `${name}: ${what}`);
  return made;
}
