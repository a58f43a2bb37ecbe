// Sightings as cards. Whatever comes from outside goes in as text, never as markup.

import { PAGE, toUrl } from "./state.js";

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const DAY = { month: "short", day: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };

function dayAndClock(text) {
  const moment = new Date(text);
  const year = moment.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  return [moment.toLocaleDateString(undefined, { ...year, ...DAY }), moment.toLocaleTimeString(undefined, CLOCK)];
}

/** A moment in the reader's own zone, which is named. */
export function localTime(text) {
  return dayAndClock(text).join(", ");
}

function cropOf(sighting) {
  const picture = element("div", { className: "crop" });
  const gone = () => picture.replaceChildren(element("span", { textContent: "no picture kept" }));
  if (!sighting.crop_url) {
    gone();
    return picture;
  }
  const image = element("img", { src: sighting.crop_url, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", gone);
  picture.append(image);
  return picture;
}

function scoreBar(score) {
  const bar = element("span", { className: "bar" });
  bar.style.setProperty("--part", Math.max(0, score).toFixed(3));
  return element("span", { className: "score" }, bar, element("b", { textContent: score.toFixed(2) }));
}

/** A list item that leads to more like this sighting. */
export function card(sighting, state) {
  const link = element("a", {
    href: toUrl({ ...state, like: sighting.sighting_id, picture: null, box: null, whole: false, k: PAGE }),
    className: "card",
  });
  link.dataset.like = sighting.sighting_id;
  const time = element("time", { dateTime: sighting.time }, ...dayAndClock(sighting.time).map((part) => element("span", { textContent: part })));
  const words = element("span", { className: "words" }, element("strong", { textContent: sighting.camera }), time);
  if (sighting.score !== undefined) words.append(scoreBar(sighting.score));
  const alike = sighting.score === undefined ? "" : `, alike ${sighting.score.toFixed(2)}`;
  link.setAttribute("aria-label", `${sighting.camera}, ${localTime(sighting.time)}${alike}: more like this`);
  link.append(cropOf(sighting), words);
  return element("li", {}, link);
}

/** Grey cards that stand for those to come. */
export function placeholders(count) {
  return Array.from({ length: count }, () => {
    const grey = element("div", { className: "card waiting" }, element("div", { className: "crop" }), element("span", { className: "words" }));
    grey.setAttribute("aria-hidden", "true");
    return element("li", {}, grey);
  });
}
