// The HTTP API. Every failure becomes a Problem that can be shown as it is.

export class Problem extends Error {
  constructor(title, detail, kind = "") {
    super(detail);
    this.title = title;
    this.kind = kind;
  }
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server does not answer", "Check that Sightline is running (sightline status), then try again.");
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Problem(
    problem.title ?? `The server answered ${response.status}`,
    problem.detail ?? "Try again, or look at the server's log.",
    (problem.type ?? "").split(":").pop(),
  );
}

function where(state) {
  const fields = new URLSearchParams();
  for (const camera of state.cameras) fields.append("camera", camera);
  if (state.start) fields.append("start", state.start);
  if (state.end) fields.append("end", state.end);
  return fields;
}

/** Matches for a state that asks for someone; `picture` is the File where it asks by picture. */
export function search(state, picture, signal) {
  const fields = where(state);
  fields.append("k", state.k);
  if (state.minScore) fields.append("min_score", state.minScore);
  fields.append("group_by", state.group ? "track" : "none");
  if (!picture) {
    const body = Object.fromEntries(fields);
    Object.assign(body, { camera: state.cameras, k: state.k, sighting_id: state.like });
    if (state.minScore) body.min_score = state.minScore;
    const headers = { "Content-Type": "application/json" };
    return call("/v1/search", { method: "POST", headers, body: JSON.stringify(body), signal });
  }
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  if (state.box) form.append("box", state.box);
  if (state.whole) form.append("crop", "true");
  form.append("image", picture);
  return call("/v1/search", { method: "POST", body: form, signal });
}

/** A page of the newest sightings. */
export function sightings(state, limit, cursor, signal) {
  const fields = where(state);
  fields.append("limit", limit);
  if (cursor) fields.append("cursor", cursor);
  return call(`/v1/sightings?${fields}`, { signal });
}

export function sighting(id, signal) {
  return call(`/v1/sightings/${encodeURIComponent(id)}`, { signal });
}

export function cameras() {
  return call("/v1/cameras");
}

export function operations(signal) {
  return call("/v1/operations", { signal });
}

/** A text of the project's documentation that the server has, as the runbook. */
export async function documentText(path) {
  const response = await fetch(`/${path}`);
  if (!response.ok) throw new Problem("There is no such document here", path);
  return response.text();
}

/** Whether a text from outside may become a link: `javascript:` and paths may not. */
export function isWebAddress(text) {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}
