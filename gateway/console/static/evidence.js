// A worklist entry with what speaks for it: the devices' readings side by side, then all that happened.

import { el, icon } from "./dom.js";
import { details } from "./device.js";
import { row } from "./feed.js";
import { exact, has, length, machineName, number, siteName, t } from "./words.js";
import { buttons, sentence, advice } from "./work.js";

const ARMED = 0x07;

/** Return the content of the sheet. `view` holds the open form. */
export function entrySheet(found, board, view) {
  const live = board.worklist.find((one) => one.number === found.entry.number);
  const entry = live ?? { ...found.entry, actions: [] };
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "sheet-title" }, icon("search"), t("evidence.title")),
      el("button.tool", { type: "button", "data-act": "close", "aria-label": t("app.close"), title: t("app.close") }, icon("x"))),
    el("div.scroll", { tabindex: 0, "data-key": "body" },
      el("div.case", {}, el("p.big", {}, sentence(entry)),
        found.item ? el("p", {}, el("button.link", { type: "button", "data-act": "item", "data-value": found.item.item }, found.item.title), el("span.meta", {}, ` · ${found.item.item}`)) : null,
        el("p.hint", {}, advice(entry, board)),
        live ? buttons(live, view) : closing(found)),
      el("h3", {}, icon("nfc"), t("evidence.readings")),
      readings(found.readings, board),
      el("h3", {}, icon("history"), t("evidence.timeline")),
      timeline(found, board)),
  ];
}

function closing(found) {
  const last = found.decided.at(-1);
  return el("div.acts", {}, el("span.meta", {}, t("evidence.closed", { action: word(last), who: last?.who || t("work.nobody") })),
    last && last.action !== "settled" ? el("button.act", { type: "button", "data-act": "reopen", "data-number": found.entry.number }, icon("undo-2"), t("work.reopen")) : null);
}

function word(decision) { const key = `act.${decision?.action}`; return has(key) ? t(key) : t("app.unknown"); }

const ROWS = [
  ["at", (one) => exact(one.at)],
  ["sure", (one) => [one.clock ? t(`clock.${one.clock}`) : "", one.unc ? `± ${length(one.unc)}` : "", one.said && one.said !== one.at ? t("evidence.said", { time: exact(one.said) }) : ""].filter(Boolean).join(", ")],
  ["heard", (one) => t("evidence.after", { age: length(Math.max(0, one.received - one.at)) })],
  ["by", (one) => (one.by ? t(`by.${one.by}`) : "")],
  ["uid", (one) => one.uid, true],
  ["item", (one) => one.item, true],
  ["content", (one) => [one.format === "unknown" ? t("evidence.unread") : one.format, one.owner].filter(Boolean).join(" · ")],
  ["bit", bit],
  ["antenna", (one) => one.antenna],
  ["rssi", (one) => (one.rssi === null || one.rssi === undefined ? "" : one.rssi < 0 ? `${one.rssi} dBm`.replace("-", "−") : number(one.rssi))],
  ["reads", (one) => (one.reads ? number(one.reads) : "")],
  ["way", (one) => (one.direction ? t(`gate.${one.direction}`) : "")],
  ["knew", (one) => (one.since ? t("evidence.lent", { time: exact(one.since) }) : "")],
  ["online", (one) => (one.online === null || one.online === undefined ? "" : t(one.online ? "evidence.asked" : "evidence.alone"))],
  ["reason", (one) => (one.reason ? t([`aside.${one.reason}`, `tag.${one.reason}`, `passed.${one.reason}`, `refused.${one.reason}`].find(has) ?? "tag.other") : "")],
];

function readings(all, board) {
  if (!all.length) return el("p.quiet", {}, t("evidence.none"));
  const shown = ROWS.map(([name, of, same]) => [name, all.map(of), same]).filter(([, cells]) => cells.some(Boolean));
  return el("div.beside", { tabindex: 0, role: "region", "aria-label": t("evidence.readings") }, el("table.grid", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span.hidden", {}, t("evidence.what"))), all.map((one) => el("th", { scope: "col" },
      el("b", {}, machineName(one.device, board)), el("span.meta", {}, siteName(one.site, board)),
      el(one.own ? "span.pill.out" : "span.pill", {}, has(`kind.${one.kind}`) ? t(`kind.${one.kind}`) : one.kind))))),
    el("tbody", {}, shown.map(([name, cells, same]) => {
      const differs = same && new Set(cells.filter(Boolean)).size > 1;
      return el("tr", { "data-row": name }, el("th", { scope: "row" }, t(`evidence.${name}`), differs ? el("span.pill.out", {}, icon("triangle-alert"), t("evidence.differs")) : null),
        cells.map((cell) => el("td", {}, cell || "–")));
    }))));
}

function bit(one) {
  const name = (byte) => (byte === null || byte === undefined ? "" : `${hex(byte)} (${t(byte === ARMED ? "evidence.armed" : "evidence.quiet")})`);
  const [before, after] = [name(one.before), name(one.after)];
  return before && after ? `${before} → ${after}` : after ? `→ ${after}` : before;
}

function hex(byte) { return byte.toString(16).toUpperCase().padStart(2, "0"); }

function timeline(found, board) {
  const rows = [
    ...found.facts.map((one) => [one.at, row(one, board, details(one.fact))]),
    ...found.decided.map((one, n) => [one.at, step("list-checks", one.action === "settled" ? t("evidence.settled") : t("work.settled_by", { action: word(one), who: one.who || t("work.nobody") }), one, `d${n}`)]),
    ...found.planned.map((one, n) => [one.at, step("timer", one.assignee || one.due ? t("evidence.planned", { who: one.assignee || t("plan.nobody"), time: one.due ? exact(one.due) : t("plan.usual") }) : t("evidence.unplanned"), one, `p${n}`)]),
    [found.entry.opened, step("clipboard-list", t("evidence.opened"), { at: found.entry.opened }, "o")],
  ];
  return el("ol.feed.timeline", {}, rows.sort((a, b) => b[0] - a[0]).map(([, node]) => node));
}

function step(picture, words, one, key) {
  return el("li.event.step", { "data-key": key }, el("span.mark", {}, icon(picture)),
    el("div.what", {}, el("p.title", {}, words), one.note ? el("p.meta", {}, one.note) : null),
    el("time", { datetime: new Date(one.at).toISOString() }, exact(one.at)));
}
