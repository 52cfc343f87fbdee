// What stands still in a library: walls, shelf, desk, gate, book drop. Drawn once for each site.

import { PIS, SPOTS, icon, pressable, say, svg } from "./draw.js";

const box = (spot, cls, r = 8) => svg("rect", { x: spot.x, y: spot.y, width: spot.w, height: spot.h, rx: r, class: cls });
const label = (x, y, key, cls = "", anchor = "middle") => svg("text", { x, y, class: `label ${cls}`, "text-anchor": anchor, text: say(key) });
const middle = (spot) => spot.x + spot.w / 2;

/** A group that a drag can end on; it glows while something that fits hangs above it. */
function target(spot, kind, ...children) {
  return svg("g", { class: `target ${kind}`, "data-spot": kind }, ...children);
}

export function walls() {
  return svg("g", {},
    svg("rect", { x: 6, y: 462, width: 708, height: 172, rx: 10, class: "street-ground" }),
    svg("path", { d: "M26 604h668", class: "kerb" }),
    svg("rect", { x: 6, y: 40, width: 708, height: 420, rx: 10, class: "room" }),
    svg("path", { d: "M10 456V50a6 6 0 0 1 6-6h688a6 6 0 0 1 6 6v406M7 459h221M352 459h204M684 459h29", class: "wall" }),
    label(692, 626, "street", "quiet", "end"));
}

export function sign(name, find) {
  const search = pressable(svg("g", { class: "round", transform: "translate(356 4)" },
    svg("rect", { width: 164, height: 34, rx: 10 }), icon("search", 12, 8, 18),
    svg("text", { x: 38, y: 22, class: "label", text: say("find") })), say("find"), find);
  return svg("g", {}, svg("text", { x: 12, y: 30, class: "label sign", text: name }), search);
}

export function shelf() {
  const s = SPOTS.shelf;
  return target(s, "shelf", box(s, "case"), svg("path", { d: `M${s.x + 6} ${s.y + 74}h${s.w - 12}`, class: "board" }));
}

export function desk(kiosk) {
  const { screen, pad, card, scanner, printer } = SPOTS;
  const open = svg("a", { href: kiosk, target: "_blank", "aria-label": say("open.kiosk"), class: "press screen" },
    svg("rect", { x: screen.x, y: screen.y, width: screen.w, height: screen.h - 12, rx: 6, class: "glass" }),
    svg("path", { d: `M${middle(screen) - 16} ${screen.y + 74}h32M${middle(screen)} ${screen.y + 62}v12`, class: "stand" }),
    icon("external-link", middle(screen) - 10, screen.y + 10, 20, "light"),
    svg("text", { x: middle(screen), y: screen.y + 48, class: "label light", "text-anchor": "middle", text: say("screen") }));
  return svg("g", {},
    svg("rect", { x: 28, y: 172, width: 348, height: 150, rx: 12, class: "desk" }),
    open,
    target(pad, "pad", box(pad, "pad", 12), svg("rect", { x: pad.x + 8, y: pad.y + 8, width: pad.w - 16, height: pad.h - 16, rx: 8, class: "antenna" }),
      label(middle(pad), pad.y + pad.h - 13, "pad", "pale")),
    target(card, "card", box(card, "device"), icon("nfc", card.x + 13, card.y + 5, 24), label(middle(card), card.y + 42, "card", "tiny")),
    target(scanner, "scanner", box(scanner, "device"), icon("scan-barcode", scanner.x + 13, scanner.y + 5, 24),
      label(middle(scanner), scanner.y + 42, "scanner", "tiny")),
    svg("g", { class: "printer-body" }, box(printer, "device"),
      svg("rect", { x: printer.x + 8, y: printer.y + 6, width: printer.w - 16, height: 6, rx: 3, class: "slot" }),
      icon("printer", printer.x + 21, printer.y + 16, 20), label(middle(printer), printer.y + 50, "printer", "tiny")));
}

export function gate() {
  const g = SPOTS.gate;
  const post = (x) => svg("g", {}, svg("rect", { x, y: g.y - 4, width: 12, height: 68, rx: 6, class: "post" }),
    svg("circle", { cx: x + 6, cy: g.y - 10, r: 8, class: "lamp" }));
  const waves = (x, way) => svg("path", {
    class: "waves", d: [12, 20, 28].map((r) => `M${x + way * r} ${g.y - 10 - r * 0.7}q${way * 7} ${r * 0.7} 0 ${r * 1.4}`).join(""),
  });
  return target(g, "gate",
    svg("rect", { x: g.x, y: g.y - 4, width: g.w, height: 68, class: "threshold" }),
    svg("path", { d: `M${g.x + 6} ${g.y + 8}h${g.w - 12}`, class: "beam", "data-beam": "beam_b" }),
    svg("path", { d: `M${g.x + 6} ${g.y + 50}h${g.w - 12}`, class: "beam", "data-beam": "beam_a" }),
    post(g.x - 6), post(g.x + g.w - 6), waves(g.x - 6, -1), waves(g.x + g.w + 6, 1),
    label(middle(g), g.y + 34, "gate", "quiet"));
}

const BASKET_ICONS = { 1: "library", 2: "hand", 3: "route" };

/** The book drop: one bin or several side by side, the chute below, and what makes it stick. */
export function drop(baskets, empty, jam) {
  const { bin, chute } = SPOTS, alone = baskets.length === 1, w = (bin.w - 8) / baskets.length;
  const columns = baskets.map(({ place, name }, n) => {
    const x = bin.x + 4 + n * w, centre = x + w / 2;
    return svg("g", { class: "basket", "data-basket": place },
      svg("title", { text: say(alone ? "bin" : `bin.${name}`) }),
      svg("rect", { x: x + 2, y: bin.y + bin.h - 6, width: w - 4, height: 0, rx: 4, class: "level" }),
      n ? svg("path", { d: `M${x} ${bin.y + 4}v${bin.h - 8}`, class: "wall" }) : null,
      alone ? label(centre, bin.y + 22, "bin") : svg("text", { x: centre, y: bin.y + 22, class: "label", "text-anchor": "middle", text: name }),
      alone ? null : icon(BASKET_ICONS[name], centre - 8, bin.y + 28, 16),
      svg("text", { x: centre, y: bin.y + (alone ? 42 : 66), class: "count label", "text-anchor": "middle" }));
  });
  const body = pressable(svg("g", { class: "bin" }, box(bin, "bin-box"),
    alone ? svg("path", { d: `M${bin.x + 12} ${bin.y + 10}v${bin.h - 24}`, class: "door" }) : null, ...columns),
  say("act.empty"), empty);
  const { x, y, r } = SPOTS.jam;
  const stick = pressable(svg("g", { class: "switch jam" }, svg("circle", { cx: x, cy: y, r, class: "knob" }), icon("wrench", x - 7, y - 7, 14)), say("act.jam"), jam);
  return svg("g", {}, body, stick,
    target(chute, "chute", box(chute, "chute"),
      svg("rect", { x: chute.x + 14, y: chute.y - 16, width: chute.w - 28, height: 14, class: "hole" }),
      svg("rect", { x: chute.x + 14, y: chute.y - 16, width: (chute.w - 28) / 2, height: 14, class: "shutter left" }),
      svg("rect", { x: middle(chute), y: chute.y - 16, width: (chute.w - 28) / 2, height: 14, class: "shutter right" }),
      svg("circle", { cx: chute.x + chute.w - 12, cy: chute.y + 12, r: 6, class: "drop-light" }),
      label(middle(chute), chute.y + 45, "chute", "tiny")));
}

export function rack() {
  return svg("rect", { x: PIS.x, y: PIS.y, width: PIS.w, height: PIS.h, rx: 12, class: "rack" });
}

export function grounds() {
  return svg("g", {}, target(SPOTS.floor, "floor", box(SPOTS.floor, "ground")), target(SPOTS.street, "street", box(SPOTS.street, "ground")));
}
