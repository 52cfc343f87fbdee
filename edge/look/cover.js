// A cloth-bound cover drawn from an item's number, so that a list of books looks like a shelf.

const CLOTHS = [
  ["#7B2D26", "#E8C9A0"], ["#1F4E5F", "#E6D9B8"], ["#2F5D3A", "#EADFA8"], ["#5B3A5E", "#E9CFC0"],
  ["#8A5A1C", "#F6E7C1"], ["#2B3F6B", "#DCE3F0"], ["#6B4226", "#EBD7B5"], ["#3C5A57", "#E9E1C9"],
  ["#94472F", "#F4DCC0"], ["#44546A", "#E7E3D6"], ["#585A2A", "#F0E8BF"], ["#6E2F47", "#EED2CC"],
];

function hash(text) {
  let h = 2166136261;
  for (const c of String(text)) h = Math.imul(h ^ c.codePointAt(0), 16777619) >>> 0;
  return h;
}

function pattern(kind, gold) {
  const s = `stroke="${gold}" stroke-opacity=".38" fill="none" stroke-width="1.6"`;
  switch (kind) {
    case 0: return `<path ${s} d="M14 104h72M14 110h72M14 14h72M14 20h72"/>`;
    case 1: return `<circle ${s} cx="50" cy="100" r="14"/><circle ${s} cx="50" cy="100" r="8"/><path ${s} d="M12 100h20M68 100h20"/>`;
    case 2: return `<path ${s} d="M50 84l14 14-14 14-14-14zM50 90l8 8-8 8-8-8z"/>`;
    case 3: return `<path ${s} d="M10 92q10-10 20 0t20 0 20 0 20 0M10 102q10-10 20 0t20 0 20 0 20 0M10 112q10-10 20 0t20 0 20 0 20 0"/>`;
    case 4: return `<rect ${s} x="9" y="9" width="82" height="104" rx="3"/><rect ${s} x="12" y="12" width="76" height="98" rx="2"/>`;
    case 5: return `<path ${s} d="M50 84v30M50 90q-16 0-18 16 18 0 18-16zM50 90q16 0 18 16-18 0-18-16z"/>`;
    default: return `<path ${s} d="M14 88h72v24H14zM26 88v24M38 88v24M50 88v24M62 88v24M74 88v24"/>`;
  }
}

function lines(text, width, most) {
  const out = [];
  let line = "";
  for (const word of String(text).split(/\s+/)) {
    if ((line + " " + word).trim().length > width && line) { out.push(line); line = word; }
    else line = (line + " " + word).trim();
  }
  if (line) out.push(line);
  if (out.length <= most) return out;
  const kept = out.slice(0, most);
  kept[most - 1] = kept[most - 1].slice(0, width - 1) + "…";
  return kept;
}

const SVG = "http://www.w3.org/2000/svg";

function words(parent, text, attributes) {
  const node = document.createElementNS(SVG, "text");
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  parent.append(node);
}

/** Return an SVG element, 100 by 130 units; texts of the book are set as text, never as markup. */
export function cover(item, title = "", author = "") {
  const h = hash(item || title);
  const [cloth, gold] = CLOTHS[h % CLOTHS.length];
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 130");
  svg.setAttribute("class", "cover");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset.drawn = `${item}|${title}|${author}`;
  svg.innerHTML =
    `<rect width="100" height="130" rx="4" fill="${cloth}"/>` +
    `<path d="M0 4a4 4 0 0 1 4-4h4v130h-4a4 4 0 0 1-4-4z" fill="#000" fill-opacity=".22"/>` +
    `<path d="M8 0h1.5v130h-1.5z" fill="#fff" fill-opacity=".14"/>` +
    `<g transform="translate(4.5)">${pattern(Math.floor(h / 12) % 7, gold)}</g>`;
  const rows = lines(title, 13, 4);
  const size = rows.some((r) => r.length > 13) ? 9 : 11;
  rows.forEach((row, n) => words(svg, row, {
    x: 54, y: 34 + n * 15, fill: gold, "font-size": size, "font-weight": 700, "text-anchor": "middle",
  }));
  lines(author, 17, 1).forEach((row) => words(svg, row, {
    x: 54, y: 124, fill: gold, "fill-opacity": .85, "font-size": 7.5, "text-anchor": "middle",
  }));
  return svg;
}
