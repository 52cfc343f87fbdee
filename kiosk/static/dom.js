// Building and patching elements. Texts go in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: h("p.hint", {id: "x"}, "text", child, …); false and null children are left out. */
export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== false && c !== null && c !== undefined));
  return node;
}

/** Make an icon of the sprite. */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/look/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

const drawn = new Map();

/** Make a picture from our own drawing (never from outside text); each is parsed once. */
export function drawing(markup, name) {
  if (!drawn.has(markup)) {
    const sheet = document.createElement("template");
    sheet.innerHTML = markup;
    drawn.set(markup, { sheet, number: drawn.size });
  }
  const { sheet, number } = drawn.get(markup);
  const box = document.createElement("div");
  box.className = `drawing ${name}`;
  box.dataset.drawn = number;
  box.setAttribute("aria-hidden", "true");
  box.append(sheet.content.cloneNode(true));
  return box;
}

function same(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName
    && (a.dataset?.key ?? "") === (b.dataset?.key ?? "");
}

/** Turn the children of `live` into those of `fresh`, keeping nodes (focus, animation) that stay. */
export function patch(live, fresh) {
  const keyed = new Map([...live.children].filter((c) => c.dataset?.key).map((c) => [c.dataset.key, c]));
  let at = live.firstChild;
  for (const next of [...fresh.childNodes]) {
    const known = next.dataset?.key && keyed.get(next.dataset.key);
    if (known && known !== at) live.insertBefore(known, at);
    const old = known || (at && same(at, next) ? at : null);
    if (!old) { live.insertBefore(next, at); continue; }
    at = old.nextSibling;
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== next.data) old.data = next.data;
    } else {
      const kept = old.dataset.drawn !== undefined && old.dataset.drawn === next.dataset.drawn;
      attributes(old, next);
      if (!kept) patch(old, next);
    }
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}

function attributes(old, next) {
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...next.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/** Make a button that presses `press`. */
export function button(look, iconName, label, press, arg = "", more = {}) {
  return h(`button.${look}`, { type: "button", "data-press": press, "data-arg": arg, ...more },
    iconName && icon(iconName), h("span", {}, label));
}

/** Make the title of a screen. */
export function head(t, title, sentence = "", extra = null) {
  return h("div.head", {}, extra, h("h1", { tabindex: "-1" }, title), sentence && h("p.sentence", {}, sentence));
}

/** Make the sentence above a shelf, if there is one. */
export function notice(data) {
  if (!data.notice) return null;
  const names = { look: "circle-alert", stop: "octagon-alert", calm: "info", good: "circle-check" };
  return h(`div.notice.${data.notice.tone}`, { role: "alert", "data-key": "notice" },
    icon(names[data.notice.tone] ?? "info"), h("span", {}, data.notice.text));
}
