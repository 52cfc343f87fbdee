// Makes elements and brings live ones in step with fresh ones. Texts go in as text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: el("p.hint", {id: "x"}, "text", child, …). Empty children are left out. */
export function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  set(node, attributes);
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

/** Make a drawing element: svg("rect", {x: 1}). */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  set(node, attributes);
  node.append(...children.flat().filter(Boolean));
  return node;
}

/** Make an icon of the common set. */
export function icon(name, extra = "") {
  return svg("svg", { class: `icon ${extra}`.trim(), "aria-hidden": "true" }, svg("use", { href: `/look/icons.svg#${name}` }));
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Make the children of `live` those of `fresh`; nodes that stay keep focus, scroll and typing. */
export function bring(live, fresh) {
  const keyed = new Map();
  for (const child of live.children) if (child.dataset?.key) keyed.set(child.dataset.key, child);
  let at = live.firstChild;
  for (const next of [...fresh.childNodes]) {
    const key = next.dataset?.key;
    let old = key ? keyed.get(key) ?? null : null;
    if (!old && at && alike(at, next)) old = at;
    if (!old) {
      live.insertBefore(next, at);
      continue;
    }
    if (old === at) at = at.nextSibling;
    else live.insertBefore(old, at);
    update(old, next);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function alike(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName
    && (one.dataset?.key ?? "") === (other.dataset?.key ?? "");
}

function update(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  if (next.dataset.same !== undefined) return; // nothing changed in it
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  bring(old, next);
}
