// A reader's record, opened with a reason; and who opened which.

import { el, icon } from "./dom.js";
import { day, exact, number, t } from "./words.js";

const REASONS = ["desk", "contact", "dispute", "card"];

/** Return the content of the sheet: the question why, or the record. */
export function recordSheet(reader, found) {
  return [
    el("div.head", {}, el("h2", { id: "sheet-title" }, icon("user"), t("reader.title", { reader })),
      el("button.tool", { type: "button", "data-act": "close", "aria-label": t("app.close"), title: t("app.close") }, icon("x"))),
    el("div.scroll", { tabindex: 0 }, found ? record(found) : why(reader)),
  ];
}

function why(reader) {
  return el("form.ask.wide", { "data-act": "record-form", "data-value": reader, "data-key": "why" },
    el("p", {}, t("reader.why")),
    el("div.chips", {}, REASONS.map((name) => el("button.chip", { type: "button", "data-act": "record-why", "data-value": t(`reader.why.${name}`) }, t(`reader.why.${name}`)))),
    el("label", {}, t("reader.reason"), el("input", { name: "why", required: true, maxlength: 200, autocomplete: "off" })),
    el("p.meta", {}, t("reader.noted")),
    el("div.acts", {}, el("button.act.first", { type: "submit" }, t("reader.open"))));
}

function record(found) {
  const rows = [
    [t("reader.name"), found.name], [t("reader.group"), found.grp],
    [t("reader.valid"), found.expires ? day(found.expires) : t("reader.always")],
    [t("reader.state"), found.blocked ? t("reader.blocked") : t("reader.fine")],
    [t("reader.loans"), number(found.loans.length)],
  ];
  return [
    el("dl.figures", {}, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("ul.loans", {}, found.loans.map((loan) => el("li", {}, icon("book"), el("b", {}, loan.title || loan.item), el("span.meta", {}, t("fact.due", { due: day(loan.due) }))))),
  ];
}

/** Return the panel of who looked at whose record. */
export function looksPanel(rows) {
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "work-title" }, icon("eye"), t("looks.title"))),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      rows?.length ? null : el("p.quiet", {}, t("looks.none")),
      !rows?.length ? null : el("table.grid", {}, el("thead", {}, el("tr", {}, ["when", "who", "reader", "why"].map((name) => el("th", {}, t(`looks.${name}`))))),
        el("tbody", {}, (rows ?? []).map((row) => el("tr", { "data-key": row.number }, el("td", {}, exact(row.at)), el("td", {}, row.account), el("td", {}, row.reader), el("td", {}, row.why)))))),
  ];
}

/** Return the panel of the latest commands. */
export function commandsPanel(rows, board) {
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "machines-title" }, icon("zap"), t("cmd.log"))),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      rows?.length ? null : el("p.quiet", {}, t("cmd.none")),
      !rows?.length ? null : el("table.grid", {}, el("thead", {}, el("tr", {}, ["when", "who", "machine", "what", "result"].map((name) => el("th", {}, t(`cmd.col.${name}`))))),
        el("tbody", {}, (rows ?? []).map((row) => el("tr", { "data-key": row.id }, el("td", {}, exact(row.made)), el("td", {}, row.who),
          el("td", {}, el("button.link", { type: "button", "data-act": "device", "data-value": row.device }, row.device)),
          el("td", {}, t(`cmd.${row.do}`)), el("td", {}, t(`cmd.state.${row.state}`), row.why ? ` – ${row.why}` : "")))))),
  ];
}
