// What to do about an alert: its section of the runbook, read when it is opened.

import { documentText } from "./api.js";
import { element } from "./cards.js";

/** A part that opens; `path` is `docs/….md#section`. */
export function runbookSection(path) {
  const text = element("div", { className: "runbook" });
  const part = element("details", { className: "what-to-do" }, element("summary", { textContent: "What to do" }), text);
  part.addEventListener("toggle", async () => {
    if (!part.open || text.childNodes.length) return;
    const [file, anchor] = path.split("#");
    const found = await documentText(file).then((whole) => sectionOf(whole, anchor)).catch(() => null);
    text.replaceChildren(...(found === null ? [element("p", { textContent: `See ${path}` })] : blocks(found)));
  });
  return part;
}

/** The text under the heading whose anchor this is; null where there is none. */
function sectionOf(markdown, anchor) {
  for (const part of markdown.split(/^#{2,3} +/m).slice(1)) {
    const [title] = part.split("\n", 1);
    if (title.trim().toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-") === anchor) return part.slice(title.length).trim();
  }
  return null;
}

/** Paragraphs and blocks of code. */
function blocks(markdown) {
  return markdown.split(/^```/m).flatMap((part, place) => {
    if (place % 2) return [element("pre", { textContent: part.replace(/^\w*\n/, "").trimEnd() })];
    return part.split(/\n{2,}/).filter((text) => text.trim()).map((text) => element("p", {}, ...inline(text.trim())));
  });
}

/** **Bold**, `code` and [links](to other sections), which stay words here. */
function inline(text) {
  return text.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**")) return element("strong", { textContent: part.slice(2, -2) });
    if (part.startsWith("`")) return element("code", { textContent: part.slice(1, -1) });
    return part;
  });
}
