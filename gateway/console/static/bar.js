// The bar above every page, and the notice below it.

import { el, icon } from "./dom.js";
import { nameplate } from "./door.js";
import { clock, currentLanguage, exact, t } from "./words.js";

/** Return the bar: the pages somebody may see, whether it is live, who is signed in. */
export function bar(pages, view, me, board, heard, lostAt) {
  const live = board && !lostAt;
  const known = me && me.account !== null;
  const mine = Object.entries(pages).filter(([, page]) => known && me.rights.includes(page.right));
  return [
    el("div.brand", { "data-key": "brand" }, el("img", { src: "/static/icon.svg", alt: "", width: 32, height: 32 }), el("h1", {}, "Shelfwire")),
    mine.length > 1 ? el("nav.pages", { "data-key": "pages", "aria-label": t("nav.title") }, mine.map(([name, page]) =>
      el("button", { type: "button", "data-act": "page", "data-value": name, "aria-current": view.page === name ? "page" : false }, icon(page.icon), t(`nav.${name}`)))) : null,
    el("div.right", { "data-key": "right" },
      !known ? null : el(live ? "span.live" : "span.live.lost", { title: heard ? t("app.updated", { time: exact(heard) }) : "" },
        icon(live ? "radio" : "cloud-off"), el("span.word", {}, live ? t("app.live") : "…"), heard ? el("span.at", {}, clock(heard)) : null),
      known ? nameplate(me) : null,
      known && me.rights.includes("work") ? el("a.tool", { href: `/drops?lang=${currentLanguage()}`, title: t("drops.title"), "aria-label": t("drops.title") }, icon("inbox")) : null,
      known ? el("a.tool", { href: `/receipt/?lang=${currentLanguage()}`, title: t("receipts.title"), "aria-label": t("receipts.title") }, icon("receipt-text")) : null,
      !known ? null : el("button.tool", { type: "button", "data-act": "theme", title: t("app.theme"), "aria-label": t("app.theme") },
        icon(document.documentElement.dataset.theme === "dark" ? "sun" : "moon")),
      !known ? null : el("button.tool.wide", { type: "button", "data-act": "language", lang: currentLanguage() === "vi" ? "en" : "vi" }, icon("languages"), t("app.language"))),
  ];
}

/** Return what everybody must know now, or nothing. */
export function notice(board, lostAt) {
  const text = lostAt ? t("app.stale", { time: clock(lostAt) })
    : board && !board.broker ? t("app.broker_down") : board?.full ? t("app.ledger_full") : "";
  return text ? [el("p", {}, icon("cloud-off"), text)] : [];
}
