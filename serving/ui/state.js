// What is asked, as it stands in the address: so that back, forward, reload and links work.

export const PAGE = 24;
const MAX_K = 1000;

/** What can be drawn over the pictures of people, in the order in which the address names it. */
export const LAYERS = ["box", "skeleton", "parts"];

/** The question that an address asks. */
export function fromUrl(search) {
  const values = new URLSearchParams(search);
  return {
    view: values.get("view") === "operations" ? "operations" : null,
    like: values.get("like"),
    picture: values.get("picture"),
    box: values.get("box"),
    whole: values.get("whole") === "1",
    cameras: values.getAll("camera"),
    start: values.get("start"),
    end: values.get("end"),
    minScore: Number(values.get("min") ?? 0) || 0,
    group: values.get("group") !== "0",
    draw: LAYERS.filter((layer) => (values.get("draw") ?? "").split(",").includes(layer)),
    k: Math.min(MAX_K, Math.max(PAGE, Math.trunc(Number(values.get("k"))) || PAGE)),
  };
}

/** The address of a question. */
export function toUrl(state) {
  const values = new URLSearchParams();
  const set = (name, value) => { if (value) values.append(name, value); };
  set("view", state.view);
  set("like", state.like);
  set("picture", state.picture);
  set("box", state.box);
  set("whole", state.whole && "1");
  for (const camera of state.cameras) values.append("camera", camera);
  set("start", state.start);
  set("end", state.end);
  set("min", state.minScore && state.minScore.toFixed(2));
  set("group", !state.group && "0");
  set("draw", state.draw.join(","));
  set("k", state.k > PAGE && String(state.k));
  const text = values.toString();
  return text ? `/?${text}` : "/";
}

/** The same filters and drawings, asking for nobody. */
export function cleared(state) {
  return { ...state, view: null, like: null, picture: null, box: null, whole: false, k: PAGE };
}

/** With a layer drawn that was not, or the other way round. */
export function toggled(state, layer) {
  return { ...state, draw: LAYERS.filter((one) => state.draw.includes(one) !== (one === layer)) };
}

/** Where a crop with these layers over it is. */
export function drawnUrl(cropUrl, { draw }) {
  return draw.length ? `${cropUrl}?draw=${draw.join(",")}` : cropUrl;
}

export function isQuestion(state) {
  return Boolean(state.like || state.picture);
}

/** How many filters are set. */
export function filterCount(state) {
  return [state.start, state.end, state.minScore, !state.group].filter(Boolean).length;
}
