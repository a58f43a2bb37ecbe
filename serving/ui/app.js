// Composes the page: the address says what is asked, the answer is shown, and every choice is a new address.

import * as api from "./api.js";
import { CameraStrip } from "./cameras.js";
import { card, element, localTime, placeholders, redraw, showCrop } from "./cards.js";
import { Filters } from "./filters.js";
import { listenToKeys } from "./keyboard.js";
import { OperationsView } from "./operations.js";
import { PictureView } from "./picture.js";
import { LAYERS, PAGE, cleared, fromUrl, isQuestion, toUrl, toggled } from "./state.js";

const KEPT_PICTURES = 8;
const WAIT_BEFORE_GREY_MS = 120;
const LOOK_AGAIN_MS = 3000;
const $ = (id) => document.getElementById(id);

const pictures = new Map(); // key in the address -> File; pictures stay in this tab and are never kept elsewhere
let people = { key: null, found: [] }; // everybody found in the picture shown
let drawable = LAYERS; // of the sighting that is asked for
let state = fromUrl(location.search);
let running = new AbortController();
let cursor = null;
let again = null;

const strip = new CameraStrip($("camera-list"), $("camera-note"), (cameras) => go({ ...state, cameras }));
const filters = new Filters($("filters"), $("min-score"), $("filter-count"), (fields) => go({ ...state, ...fields, k: PAGE }));
const operations = new OperationsView();
const view = new PictureView($("picture"), $("canvas"), (box) => go({ ...state, box, whole: false, k: PAGE }));

/** Ask something: a new address, and its answer. */
function go(next, { replace = false } = {}) {
  const address = toUrl(next);
  if (replace) history.replaceState(null, "", address);
  else if (address !== location.pathname + location.search) history.pushState(null, "", address);
  return show(next);
}

async function show(next) {
  running.abort();
  running = new AbortController();
  clearTimeout(again);
  state = next;
  showView();
  if (state.view) return;
  strip.choose(state.cameras);
  filters.show(state);
  showLayers();
  say(null);
  const { signal } = running;
  const grey = setTimeout(() => { $("grid").replaceChildren(...placeholders(PAGE / 2)); $("more").hidden = true; }, WAIT_BEFORE_GREY_MS);
  $("results").setAttribute("aria-busy", "true");
  try {
    await (isQuestion(state) ? showMatches(signal) : showRecent(signal));
  } catch (error) {
    if (signal.aborted) return;
    showProblem(error);
  } finally {
    clearTimeout(grey);
    if (!signal.aborted) $("results").setAttribute("aria-busy", "false");
  }
}

/** Show one of the two views, and which it is. */
function showView() {
  const watching = state.view === "operations";
  $("search").hidden = watching;
  $("operations").hidden = !watching;
  $("keys").hidden = watching;
  $("skip").href = watching ? "#operations" : "#results";
  $("to-search").href = toUrl({ ...state, view: null });
  $("to-operations").href = toUrl({ ...state, view: "operations" });
  $(watching ? "to-operations" : "to-search").setAttribute("aria-current", "page");
  $(watching ? "to-search" : "to-operations").removeAttribute("aria-current");
  document.title = watching ? "Operations · Sightline" : "Sightline";
  if (watching) operations.start();
  else operations.stop();
}

async function showRecent(signal) {
  ask({});
  $("heading").textContent = "Recent sightings";
  const page = await api.sightings(state, PAGE, null, signal);
  list(page.sightings);
  cursor = page.next_cursor;
  $("more").hidden = !cursor;
  $("summary").textContent = page.sightings.length ? "Pick one to look for that person elsewhere." : "";
  if (page.sightings.length) return;
  const filtered = state.cameras.length || state.start || state.end;
  say("Nobody has been seen yet", filtered ? "No sighting passes these filters. Widen them." : "As soon as a camera publishes people, they appear here.");
  again = setTimeout(() => { if (!document.hidden) show(state); }, LOOK_AGAIN_MS);
}

async function showMatches(signal) {
  const picture = state.picture ? pictures.get(state.picture) : null;
  if (state.picture && !picture) {
    await go(cleared(state), { replace: true });
    say("That picture is gone", "Pictures are not kept when a page is left. Choose it again.");
    return;
  }
  $("heading").textContent = "Matches";
  const asked = picture ? showPicture(picture) : showAsked(signal);
  const [answer] = await Promise.all([api.search(state, picture, signal), asked]);
  if (picture) markPeople(answer.query);
  list(answer.matches);
  $("more").hidden = answer.matches.length < state.k || state.k >= 1000;
  $("summary").textContent = summary(answer);
  if (!answer.matches.length) say("No match", "Lower the least score, or widen the cameras and the time.");
}

function summary({ matches, complete }) {
  const cameras = new Set(matches.map((match) => match.camera)).size;
  const what = matches.length === 1 ? "1 match" : `${matches.length} matches`;
  const where = cameras === 1 ? "1 camera" : `${cameras} cameras`;
  return matches.length ? `${what} in ${where}, most alike first.${complete ? "" : " There may be more: narrow the filters."}` : "";
}

/** Show what is asked for: a picture, a crop with a caption, or the invitation to choose. */
function ask({ picture = false, crop = null, caption = "" }) {
  const asked = picture || caption !== "";
  $("choose").hidden = asked;
  $("asked").hidden = !asked;
  $("picture").hidden = !picture;
  $("whole").hidden = !picture;
  $("asked-crop").hidden = !crop;
  if (crop) showCrop($("asked-crop"), crop, state);
  else $("asked-crop").removeAttribute("data-crop");
  $("asked-caption").textContent = caption;
}

async function showPicture(picture) {
  ask({ picture: true, caption: "Looking for people…" });
  $("whole").setAttribute("aria-pressed", String(state.whole));
  if (people.key === state.picture) return;
  people = { key: state.picture, found: [] };
  await view.show(picture).catch(() => {
    throw new api.Problem("This picture cannot be read", "Choose a JPEG, PNG or WebP picture.");
  });
}

function markPeople(query) {
  if (query.people.length) people.found = query.people;
  view.mark(people.found, query.box);
  const count = people.found.length;
  const others = count > 1 ? `${count} people found: choose another, or draw a box round somebody.` : "";
  $("asked-caption").textContent = others || (state.whole ? "Looking for the person who fills the picture." : "Not the right person? Draw a box round them.");
}

async function showAsked(signal) {
  ask({ caption: "…" });
  const sighting = await api.sighting(state.like, signal);
  ask({ crop: sighting.crop_url, caption: `${sighting.camera} · ${localTime(sighting.time)}` });
  $("asked-crop").alt = `The person seen at ${sighting.camera}`;
  drawable = sighting.drawable;
  showLayers();
}

/** Say which layers are chosen, and which of them are not known of the person asked for. */
function showLayers() {
  for (const layer of LAYERS) layerButton(layer).setAttribute("aria-pressed", String(state.draw.includes(layer)));
  const unknown = state.like ? state.draw.filter((layer) => !drawable.includes(layer)) : [];
  $("layers-note").textContent = unknown.length ? `Not known of the person asked for: ${unknown.join(", ")}.` : "";
}

function layerButton(layer) {
  return $("layers").querySelector(`[data-layer="${layer}"]`);
}

/** Draw a layer over all pictures of people, or do not; nothing is asked again. */
function toggleLayer(layer) {
  state = toggled(state, layer);
  history.replaceState(null, "", toUrl(state));
  showLayers();
  redraw(state);
}

function list(sightings) {
  $("grid").replaceChildren(...sightings.map((sighting) => card(sighting, state)));
}

async function showMore() {
  if (isQuestion(state)) {
    await go({ ...state, k: Math.min(1000, state.k + PAGE) }, { replace: true });
    return;
  }
  try {
    const page = await api.sightings(state, PAGE, cursor, running.signal);
    $("grid").append(...page.sightings.map((sighting) => card(sighting, state)));
    cursor = page.next_cursor;
    $("more").hidden = !cursor;
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error, { keep: true });
  }
}

function showProblem(error, { keep = false } = {}) {
  const problem = error instanceof api.Problem ? error : new api.Problem("The page failed", `${error}. Reload it.`);
  if (!keep) list([]);
  $("more").hidden = true;
  $("summary").textContent = "";
  if (problem.kind === "nobody-found") {
    $("asked-caption").textContent = "Nobody found.";
    say("Nobody was found in the picture", "Draw a box round the person with the mouse, or look for the whole picture.", ["Whole picture", useWhole]);
  } else say(problem.title, problem.message, ["Try again", () => show(state)]);
}

/** A message in place of results, with what can be done about it; null takes it away. */
function say(title, detail = "", action = null) {
  $("message").hidden = title === null;
  if (title === null) return;
  const parts = [element("h2", { textContent: title }), element("p", { textContent: detail })];
  if (action) {
    const button = element("button", { type: "button", textContent: action[0] });
    button.addEventListener("click", action[1]);
    parts.push(button);
  }
  $("message").replaceChildren(...parts);
}

function take(file) {
  if (!file) return;
  const key = String(Date.now());
  pictures.set(key, file);
  if (pictures.size > KEPT_PICTURES) pictures.delete(pictures.keys().next().value);
  go({ ...cleared(state), picture: key });
}

function useWhole() {
  go({ ...state, whole: !state.whole, box: null, k: PAGE });
}

function listen() {
  $("file").addEventListener("change", () => { take($("file").files[0]); $("file").value = ""; });
  $("clear").addEventListener("click", () => go(cleared(state)));
  $("whole").addEventListener("click", useWhole);
  $("more").addEventListener("click", showMore);
  $("home").addEventListener("click", (event) => { event.preventDefault(); go(cleared(state)); });
  for (const [link, view] of [["to-search", null], ["to-operations", "operations"]]) {
    $(link).addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go({ ...state, view });
    });
  }
  $("grid").addEventListener("click", (event) => {
    const link = event.target.closest("a.card");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go({ ...cleared(state), like: link.dataset.like });
    $("results").focus({ preventScroll: true });
    scrollTo({ top: 0 });
  });
  addEventListener("popstate", () => show(fromUrl(location.search)));
  addEventListener("paste", (event) => take([...event.clipboardData.files].find((file) => file.type.startsWith("image/"))));
  listenToDrops();
  listenToKeys({ grid: $("grid"), file: $("file"), clear: () => go(cleared(state)), toggleLayer, watching: () => state.view !== null });
  for (const layer of LAYERS) layerButton(layer).addEventListener("click", () => toggleLayer(layer));
}

function listenToDrops() {
  const over = (shown) => { $("dropping").hidden = !shown; };
  addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  addEventListener("drop", (event) => { event.preventDefault(); over(false); take(event.dataTransfer.files[0]); });
}

if (matchMedia("(max-width: 55rem)").matches) $("filter-box").open = false;
listen();
strip.follow();
show(state);
