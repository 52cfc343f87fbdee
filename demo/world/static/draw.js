// Small helpers: SVG elements, words in the chosen language, the geometry of a library.

const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element; `text` sets its text, `on` its listeners, everything else is an attribute. */
export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") node.textContent = value;
    else if (key === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

/** Make an HTML element the same way. */
export function html(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") node.textContent = value;
    else if (key === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

export function icon(name, x, y, size, cls = "") {
  return svg("use", { href: `/look/icons.svg#${name}`, x, y, width: size, height: size, class: `glyph ${cls}` });
}

let texts = {};
export const language = { now: localStorage.getItem("lang") === "en" ? "en" : "vi" };

export async function learn(lang) {
  language.now = lang;
  localStorage.setItem("lang", lang);
  texts = await (await fetch(`/api/texts/${lang}`)).json();
  document.documentElement.lang = lang;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
}

/** The sentence for a key, with its {values}. */
export function say(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Let a node act on click and on Enter or Space. */
export function pressable(node, label, act) {
  node.setAttribute("tabindex", "0");
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", label);
  node.classList.add("press");
  if (!act) return node;
  node.addEventListener("click", act);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(event); }
  });
  return node;
}

export const WIDTH = 720, HEIGHT = 640;
export const BOOK = { w: 41, h: 54 };

/** Where things can be dropped: x, y, w, h in the plan's own units. */
export const SPOTS = {
  shelf: { x: 22, y: 58, w: 676, h: 90 },
  screen: { x: 42, y: 186, w: 104, h: 74 },
  pad: { x: 158, y: 186, w: 132, h: 130 },
  card: { x: 42, y: 270, w: 50, h: 46 },
  scanner: { x: 98, y: 270, w: 50, h: 46 },
  printer: { x: 302, y: 214, w: 62, h: 56 },
  floor: { x: 22, y: 346, w: 510, h: 110 },
  gate: { x: 232, y: 436, w: 116, h: 66 },
  bin: { x: 556, y: 366, w: 128, h: 84 },
  jam: { x: 700, y: 500, r: 13 },
  chute: { x: 556, y: 474, w: 128, h: 52 },
  street: { x: 22, y: 504, w: 528, h: 122 },
};

/** The cables: from a device to the Pi's corner; `plug` is where the hand pulls. */
export const CABLES = {
  pad: { from: [224, 316], plug: [224, 330] },
  card: { from: [67, 316], plug: [67, 330] },
  scanner: { from: [123, 316], plug: [123, 330] },
  printer: { from: [333, 270], plug: [333, 330] },
  gate: { from: [354, 444], plug: [374, 442] },
  "gate-board": { from: [354, 474], plug: [374, 474] },
  "drop-pad": { from: [556, 490], plug: [540, 490] },
  "drop-board": { from: [556, 400], plug: [540, 400] },
  slips: { from: [684, 400], plug: [700, 400] },
};

export const PIS = { x: 408, y: 166, w: 290, h: 164 };
