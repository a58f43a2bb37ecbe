// Keys: / chooses a picture, arrows move between the cards, b, s and p draw over them, Esc clears. Enter is the link's own.

const LAYER_KEYS = { b: "box", s: "skeleton", p: "parts" };

export function listenToKeys({ grid, file, clear, toggleLayer, watching }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || watching()) return;
    const typing = event.target.matches("input:not([type=checkbox], [type=file]), select, textarea");
    if (event.key === "Escape") clear();
    else if (typing) return;
    else if (event.key === "/") {
      event.preventDefault();
      file.focus();
    } else if (Object.hasOwn(LAYER_KEYS, event.key)) toggleLayer(LAYER_KEYS[event.key]);
    else if (event.key.startsWith("Arrow") && !event.target.matches("[type=checkbox]")) move(grid, event);
  });
}

function move(grid, event) {
  const cards = [...grid.querySelectorAll("a.card")];
  if (!cards.length) return;
  const at = cards.indexOf(document.activeElement);
  const next = at < 0 ? 0 : step(cards, at, event.key);
  if (next < 0 || next >= cards.length) return;
  event.preventDefault();
  cards[next].focus();
}

function step(cards, at, key) {
  const top = cards[0].offsetTop;
  const second = cards.findIndex((card) => card.offsetTop > top);
  const columns = second < 0 ? cards.length : second;
  return at + { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
}
