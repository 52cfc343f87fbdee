// What happened just now, how today was, and the gates' alarms.

import { el, icon, svg } from "./dom.js";
import { ago, clock, day, exact, has, length, machineName, number, t } from "./words.js";
import { cover } from "/look/cover.js";

const ICONS = {
  loan: "book-open", return: "book-check", renewal_wish: "repeat", gate_alarm: "siren", gate_hint: "eye", gate_muted: "volume-x",
  drop_refused: "undo-2", bin_changed: "inbox", booted: "power", tag_trouble: "nfc",
};
const LATE_MS = 120e3;
const KINDS = ["loan", "return", "gate_alarm"];

/** Return the panel of the latest events. */
export function nowPanel(board, view) {
  const shown = board.recent.filter((one) => (!view.kind || one.kind === view.kind) && matches(one, view.find));
  const chip = (kind) => el("button.chip", {
    type: "button", "data-act": "kind", "data-value": kind, "aria-pressed": String(view.kind === kind),
  }, icon(ICONS[kind]), t(`kind.${kind}`));
  return [
    el("div.head", { "data-key": "head" },
      el("h2", { id: "now-title" }, icon("activity"), t("now.title")),
      el("div.tools", {}, KINDS.map(chip),
        el("label.find", {}, icon("search"), el("input", { type: "search", "data-act": "find", placeholder: t("now.find"), "aria-label": t("now.find") })))),
    el("div.scroll", { "data-key": "list" },
      board.recent.length ? null : el("div.empty", {}, icon("book-open", "huge"), el("p.big", {}, t("now.empty")), el("p", {}, t("now.empty_hint"))),
      el("ol.feed", {}, shown.map((one) => row(one, board)))),
  ];
}

function matches(one, text) {
  if (!text) return true;
  const plain = (value) => String(value ?? "").normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
  return plain([one.title, one.author, one.item, one.reader, one.reader_name, one.device, one.device_name].join(" ")).includes(plain(text));
}

/** Return a row of the feed; the same row is used in an item's history. */
export function row(one, board, more = "") {
  const late = one.received - one.at;
  const codes = one.outcome.filter((code) => has(`short.${code}`));
  return el(`li.event.${one.kind}`, { "data-key": `f${one.arrival}`, class: one.voided ? `event ${one.kind} voided` : null },
    el("span.mark", {}, icon(ICONS[one.kind] ?? "circle-dot")),
    el("span.spine", {}, one.item ? cover(one.item) : null),
    el("div.what", {},
      el("p.title", {}, title(one)),
      el("p.meta", {}, said(one), " · ", machineName(one.device, board),
        late > LATE_MS ? el("span.late", {}, icon("cloud-off"), t("now.late", { age: length(late) })) : null,
        one.voided ? el("span.late", {}, t("now.voided")) : null),
      more ? el("p.meta.evidence", {}, icon("eye"), more) : null),
    el("div.codes", {}, codes.map((code) => el(`span.code.${code}`, {}, t(`short.${code}`)))),
    el("time", { datetime: new Date(one.at).toISOString(), title: exact(one.at), tabindex: 0 }, ago(one.at, board.now)));
}

function title(one) {
  if (one.item) {
    return [el("button.link", { type: "button", "data-act": "item", "data-value": one.item }, one.title || one.item),
      one.author ? el("span.by", {}, ` · ${one.author}`) : null];
  }
  return has(`kind.${one.kind}`) ? t(`kind.${one.kind}`) : one.kind;
}

function said(one) {
  const fact = one.fact, reader = one.reader_name || one.reader || t("fact.somebody");
  switch (one.kind) {
    case "loan": return `${t("fact.loan", { reader })}${fact.due ? ` · ${t("fact.due", { due: day(fact.due) })}` : ""}`;
    case "return": return t(fact.place === "drop" ? "fact.return_drop" : "fact.return");
    case "renewal_wish": return t("fact.renewal_wish", { reader });
    case "gate_hint": return t(`fact.gate_hint.${fact.reason}`, { gate: fact.gate });
    case "gate_muted": return t(fact.until ? "fact.gate_muted" : "fact.gate_unmuted", { gate: fact.gate, who: fact.by || "?", why: fact.why || "–" });
    case "gate_alarm": return t("fact.gate_alarm", { gate: fact.gate });
    case "drop_refused": return t("fact.drop_refused", { reason: t(has(`refused.${fact.reason}`) ? `refused.${fact.reason}` : "refused.other") });
    case "bin_changed": return fact.emptied ? t("fact.bin_emptied", { bin: fact.bin, n: number(fact.items) }) : t("fact.bin_changed", { bin: fact.bin, percent: fact.percent ?? 0 });
    case "booted": return t(one.outcome.includes("POWER_CUT") ? "fact.booted_cut" : "fact.booted");
    default: return has(`kind.${one.kind}`) ? t(`kind.${one.kind}`) : one.kind;
  }
}

/** Return the panel of the day: figures, hours, alarms. */
export function dayPanel(board) {
  const counts = board.today.counts;
  const tile = (name, n, kind) => el(`div.tile.${kind}`, {}, el("span.n", {}, number(n)), el("span.name", {}, name));
  return [
    el("div.head", { "data-key": "head" },
      el("h2", { id: "day-title" }, icon("calendar"), t("day.title")),
      el("span.meta", {}, day(board.now), " · ", `${board.today.opens}–${board.today.closes}`)),
    el("div.scroll", { "data-key": "list" },
      el("div.tiles", {},
        tile(t("day.loans"), counts.loan, "loan"), tile(t("day.returns"), counts.return, "return"),
        tile(t("day.out"), board.totals.loans_open, "out"), tile(t("day.visitors"), board.today.entered, "visitors")),
      hours(board),
      el("h3", {}, icon("siren"), t("gate.title"), counts.gate_alarm ? el("span.badge.calm", {}, number(counts.gate_alarm)) : null),
      board.alarms.length ? null : el("p.quiet", {}, t("gate.empty")),
      el("ul.alarms", {}, board.alarms.slice(0, 6).map((one) => alarm(one, board)))),
  ];
}

function hours(board) {
  const first = Math.max(0, Math.min(parseInt(board.today.opens, 10) || 7, firstBusy(board)) - 1);
  const last = Math.min(23, Math.max(parseInt(board.today.closes, 10) || 17, lastBusy(board)));
  const shown = board.today.hours.slice(first, last + 1);
  const top = Math.max(4, ...shown.flatMap((hour) => [hour.loan, hour.return]));
  const w = 100 / shown.length;
  return el("figure.hours", {}, el("figcaption", {},
    t("day.by_hour"), el("span.key.loan", {}, t("kind.loan")), el("span.key.return", {}, t("kind.return"))),
    svg("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": t("day.by_hour") },
      shown.map((hour, i) => svg("g", {},
        svg("title", {}, document.createTextNode(t("day.hour", { hour: first + i, loans: number(hour.loan), returns: number(hour.return) }))),
        svg("rect", { x: i * w, y: 0, width: w, height: 30, class: "hit" }),
        bar(i * w + w * 0.14, w * 0.34, hour.loan / top, "loan"), bar(i * w + w * 0.52, w * 0.34, hour.return / top, "return")))),
    el("div.axis", {}, shown.map((_, i) => el("span", {}, i % 2 ? "" : String(first + i)))));
}

function bar(x, width, share, kind) {
  const height = share ? Math.max(1.5, share * 28) : 0.6;
  return svg("rect", { x, y: 30 - height, width, height, class: share ? kind : "none" });
}

function firstBusy(board) {
  const at = board.today.hours.findIndex((hour) => hour.loan + hour.return > 0);
  return at < 0 ? 24 : at + 1;
}
function lastBusy(board) {
  return board.today.hours.reduce((last, hour, at) => (hour.loan + hour.return > 0 ? at : last), 0);
}

function alarm(one, board) {
  const name = one.title || one.item || t("gate.unknown_item", { uid: one.fact.uid });
  return el("li", { "data-key": `a${one.arrival}` },
    el("span.mark", {}, icon("siren")),
    el("div.what", {},
      one.item ? el("button.link", { type: "button", "data-act": "item", "data-value": one.item }, name) : el("span", {}, name),
      el("p.meta", {}, machineName(one.device, board),
        one.fact.direction ? ` · ${t(`gate.${one.fact.direction}`)}` : "", one.lent ? ` · ${t("gate.lent")}` : "")),
    el("time", { title: exact(one.at), tabindex: 0 }, clock(one.at)));
}
