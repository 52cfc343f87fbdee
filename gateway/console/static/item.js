// An item's history: who had it, and everything that was ever said of it.

import { el, icon } from "./dom.js";
import { details } from "./device.js";
import { row } from "./feed.js";
import { day, t } from "./words.js";
import { cover } from "/look/cover.js";

/** Return the content of the sheet. */
export function itemSheet(key, found, board, me) {
  const item = found.item;
  const held = found.loans.find((loan) => loan.ended === null);
  const picture = el("div.picture", {}, cover(key, item?.title ?? "", item?.author ?? ""));
  return [
    el("div.head", {}, el("h2", { id: "sheet-title" }, icon("history"), t("item.title")),
      el("button.tool", { type: "button", "data-act": "close", "aria-label": t("app.close"), title: t("app.close") }, icon("x"))),
    el("div.scroll", {},
      el("div.item", {}, picture,
        el("div", {},
          el("p.big", {}, item?.title ?? t("item.unknown")),
          el("p", {}, item?.author ?? ""),
          el("p.meta", {}, key, (item?.flags ?? []).map((flag) => el("span.code", {}, t(`item.flag.${flag}`)))),
          el("p.state", {}, held
            ? t("item.on_loan", { reader: held.reader_name || held.reader, due: day(held.due) })
            : t("item.on_shelf")))),
      found.loans.length ? el("h3", {}, t("item.loans")) : null,
      el("ul.loans", {}, found.loans.map((loan) => el("li", {}, icon("user"),
        me?.rights.includes("readers") ? el("button.link", { type: "button", "data-act": "record", "data-value": loan.reader }, loan.reader_name || loan.reader) : el("b", {}, loan.reader_name || loan.reader),
        el("span.meta", {}, t("item.until", { since: day(loan.since), ended: loan.ended === null ? t("item.now") : day(loan.ended) }))))),
      el("h3", {}, t("item.facts")),
      el("ol.feed", {}, found.facts.map((one) => row(one, board, details(one.fact))))),
  ];
}
