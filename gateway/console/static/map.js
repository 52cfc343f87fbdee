// The sites on a map: a drawing of the centre's own, no tiles. Sites that lie close are one mark.

import { el, icon, svg } from "./dom.js";
import { LOOKS, ORDER } from "./machines.js";
import { number, t } from "./words.js";

const NEAR = 62;
/** Marks this close (in units of a picture as wide as 1,000 pixels) are one. */
const narrow = () => Math.max(1, 820 / window.innerWidth);
/** On a phone marks and names stay as large as a finger needs. */
const SHAPES = {
  well: { d: "M-15 0a15 15 0 1 0 30 0a15 15 0 1 0-30 0Z", sign: "✓" },
  needs: { d: "M0-19L19 15H-19Z", sign: "!" },
  quiet: { d: "M-15-15H15V15H-15Z", sign: "–" },
  offline: { d: "M-15-15H15V15H-15Z", sign: "–" },
  never: { d: "M0-18L18 0L0 18L-18 0Z", sign: "?" },
};

/** Return the map. `of` gives a site's machines with their states; `view` what is chosen and how near. */
export function mapOf(drawn, sites, of, view) {
  const box = view.zoom ?? { x: 0, y: 0, w: drawn.width, h: drawn.height };
  const scale = (narrow() * box.w) / drawn.width, marks = cluster(drawn, sites, of, NEAR * scale);
  const shown = marks.filter((one) => one.x >= box.x && one.x <= box.x + box.w && one.y >= box.y && one.y <= box.y + box.h);
  const active = shown.some((one) => one.key === view.mark) ? view.mark : shown[0]?.key;
  return el("div.map", { "data-key": "map" },
    el("div.tools", {},
      view.zoom ? el("button.act", { type: "button", "data-act": "map-out" }, icon("arrow-left"), t("map.whole")) : null,
      el("ul.legend", {}, ["well", "needs", "offline", "never"].map((state) => el("li", {}, svg("svg", { viewBox: "-22 -22 44 44", class: `mark ${state}`, "aria-hidden": "true" }, shape(state)), t(LOOKS[state][1]))))),
    svg("svg", { class: "land", viewBox: `${box.x} ${box.y} ${box.w} ${box.h}`, role: "group", "aria-label": t("map.title"), "aria-describedby": "map-keys" },
      drawn.outlines.map((d) => svg("path", { d, class: "outline" })),
      drawn.lines.map((d) => svg("path", { d, class: "line" })),
      shown.map((one) => mark(one, scale, one.key === active, view))),
    el("p.meta", { id: "map-keys" }, t("map.keys")));
}

/** Return marks: sites that lie near each other are one, as bad as the worst of them. */
function cluster(drawn, sites, of, near) {
  const marks = [];
  for (const site of sites) {
    const place = drawn.places[site.site];
    if (!place) continue;
    const state = worst(of.get(site.site) ?? []);
    const there = marks.find((one) => Math.hypot(one.x - place[0], one.y - place[1]) < near);
    if (!there) marks.push({ key: site.site, x: place[0], y: place[1], sites: [site], states: [state] });
    else {
      there.sites.push(site);
      there.states.push(state);
    }
  }
  return marks.map((one) => ({ ...one, state: ORDER.find((state) => one.states.includes(state)) ?? "never", bad: one.states.filter((state) => state !== "well").length }));
}

function worst(machines) {
  return ORDER.find((state) => machines.some((one) => one.state === state)) ?? "never";
}

function shape(state) {
  return [svg("path", { d: SHAPES[state].d }), svg("text", { y: state === "needs" ? 11 : 6 }, document.createTextNode(SHAPES[state].sign))];
}

function mark(one, scale, active, view) {
  const many = one.sites.length > 1, [name] = one.sites.map((site) => site.name);
  const words = many ? t("map.many", { n: number(one.sites.length), name, bad: number(one.bad) }) : `${name}: ${t(LOOKS[one.state][1])}`;
  return svg("g", { class: `mark ${one.state}`, "data-key": `m${one.key}`, "data-mark": one.key, "data-many": many ? one.sites.map((site) => site.site).join(" ") : false,
    transform: `translate(${one.x} ${one.y}) scale(${(many ? 1.25 : 1) * scale})`, role: "button", tabindex: active ? 0 : -1, "aria-label": words,
    "aria-pressed": many ? false : String(Boolean(view.chosen?.includes(one.key))) },
    svg("title", {}, document.createTextNode(words)), svg("circle", { r: 26, class: "touch" }), shape(one.state),
    many ? svg("g", { transform: "translate(17 -17)" }, svg("circle", { r: 13, class: "count" }), svg("text", { y: 5, class: "count" }, document.createTextNode(one.sites.length > 99 ? "99+" : String(one.sites.length)))) : null,
    svg("text", { y: 36, class: "name" }, document.createTextNode(many ? "" : name)));
}

/** Return the part of the map that holds some sites. */
function around(drawn, names) {
  const spots = names.map((name) => drawn.places[name]).filter(Boolean);
  const xs = spots.map(([x]) => x), ys = spots.map(([, y]) => y);
  const span = Math.max(40, 1.6 * Math.max(Math.max(...xs) - Math.min(...xs), (Math.max(...ys) - Math.min(...ys)) * (drawn.width / drawn.height)));
  const w = Math.min(drawn.width, span), h = (w * drawn.height) / drawn.width;
  const clip = (value, most) => Math.max(0, Math.min(value, most));
  return { x: clip((Math.min(...xs) + Math.max(...xs) - w) / 2, drawn.width - w), y: clip((Math.min(...ys) + Math.max(...ys) - h) / 2, drawn.height - h), w, h };
}

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** Return the mark that lies next in the direction of an arrow key; null: none does. */
function nextMark(from, key) {
  const [dx, dy] = WAYS[key] ?? [0, 0];
  if (!dx && !dy) return null;
  const at = spot(from);
  let best = null, least = Infinity;
  for (const one of from.parentNode.querySelectorAll("[data-mark]")) {
    const [x, y] = spot(one), along = (x - at[0]) * dx + (y - at[1]) * dy, aside = Math.abs((x - at[0]) * dy) + Math.abs((y - at[1]) * dx);
    if (one !== from && along > 0 && along + 2 * aside < least) { best = one; least = along + 2 * aside; }
  }
  return best;
}

function spot(node) { return node.getAttribute("transform").match(/-?[\d.]+/g).slice(0, 2).map(Number); }

/** Have fingers and keys choose marks. `drawn` gives the map as it is now. */
export function followMarks(view, drawn, draw) {
  const mark = (key) => document.querySelector(`[data-mark="${key}"]`);

  function press(node) {
    const many = node.dataset.many?.split(" ");
    view.mark = node.dataset.mark;
    view.chosen = many ?? [view.mark];
    if (many) view.zoom = around(drawn(), many);
    draw();
    (mark(view.mark) ?? document.querySelector("[data-mark]"))?.focus();
  }

  document.addEventListener("click", (event) => {
    const node = event.target.closest("[data-mark]");
    if (node) press(node);
  });
  document.addEventListener("keydown", (event) => {
    const node = event.target.closest?.("[data-mark]");
    if (!node) return;
    const next = nextMark(node, event.key);
    if (["Enter", " "].includes(event.key)) press(node);
    else if (next) { view.mark = next.dataset.mark; draw(); mark(view.mark)?.focus(); }
    else return;
    event.preventDefault();
  });
}
