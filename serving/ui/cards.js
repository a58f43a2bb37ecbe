// Sightings as cards. Whatever comes from outside goes in as text, never as markup.

import { PAGE, drawnUrl, toUrl } from "./state.js";

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

/** Show a crop in an image, with the layers that are chosen; `redraw` shows it with others. */
export function showCrop(image, cropUrl, state) {
  image.dataset.crop = cropUrl;
  image.src = drawnUrl(cropUrl, state);
}

export function redraw(state) {
  for (const image of document.querySelectorAll("img[data-crop]")) showCrop(image, image.dataset.crop, state);
}

function cropOf(sighting, state) {
  const picture = element("div", { className: "crop" });
  const gone = () => picture.replaceChildren(element("span", { textContent: "no picture kept" }));
  if (!sighting.crop_url) {
    gone();
    return picture;
  }
  const image = element("img", { alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", gone);
  showCrop(image, sighting.crop_url, state);
  picture.append(image);
  return picture;
}

function scoreBar(score) {
  const bar = element("span", { className: "bar" });
  bar.style.setProperty("--part", Math.max(0, score).toFixed(3));
  return element("span", { className: "score" }, bar, element("b", { textContent: score.toFixed(2) }));
}

const SAID = 2;

/** What of the evidence fits on a card: the surest attributes that agree, else how much of the body both show. */
function evidenceOf({ evidence }) {
  if (!evidence) return "";
  const agree = evidence.attributes.filter((one) => one.agree && one.value !== "no").slice(0, SAID);
  if (agree.length) return agree.map((one) => attributeWords(one)).join(", ");
  const parts = evidence.parts.slice(0, SAID).map((one) => one.part.replaceAll("_", " "));
  return parts.length ? `both show ${parts.join(", ")}` : "";
}

function attributeWords({ name, value }) {
  const words = name.replaceAll("_", " ");
  return value === "yes" ? words : `${words} ${value}`;
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
  const evidence = evidenceOf(sighting);
  if (evidence) words.append(element("span", { className: "evidence", textContent: evidence }));
  const alike = sighting.score === undefined ? "" : `, alike ${sighting.score.toFixed(2)}`;
  link.setAttribute("aria-label", `${sighting.camera}, ${localTime(sighting.time)}${alike}${evidence ? `, ${evidence}` : ""}: more like this`);
  link.append(cropOf(sighting, state), words);
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
