// A year in figures, by month, for the reports that libraries owe.

import { el, icon } from "./dom.js";
import { currentLanguage, machineName, number, siteName, t } from "./words.js";

/** Return the panel. `view` says which year and site. */
export function statsPanel(found, board, view) {
  const year = view.year, lang = currentLanguage();
  const years = Array.from({ length: 6 }, (_, n) => new Date(board.now).getFullYear() - n);
  const file = `/api/statistics.csv?year=${year}&site=${encodeURIComponent(view.site)}&lang=${lang}`;
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "work-title" }, icon("trending-up"), t("stats.title", { year })),
      el("div.tools", {},
        choice("year", t("stats.year"), years.map((one) => [String(one), String(one)]), String(year)),
        choice("site", t("work.site"), [["", t("work.every_site")], ...board.sites.map((one) => [one.site, siteName(one.site, board)])], view.site),
        el("a.act", { href: file, download: `shelfwire-${year}.csv` }, icon("download"), t("stats.csv")))),
    el("div.scroll", { "data-key": "list", tabindex: 0 }, found ? table(found, board) : el("p.quiet", {}, t("stats.waiting"))),
  ];
}

function choice(name, words, rows, chosen) {
  return el("label.select", {}, el("span.hidden", {}, words), el("select", { "data-act": name, "aria-label": words },
    rows.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));
}

function table(found, board) {
  const lang = currentLanguage(), months = Array.from({ length: 12 }, (_, n) => n);
  return [
    found.provisional ? el("p.quiet", {}, icon("hourglass"), " ", t("stats.provisional"),
      found.late.length ? ` ${t("stats.late", { n: number(found.late.length), machines: found.late.slice(0, 4).map((one) => machineName(one, board)).join(", ") })}` : "") : null,
    el("table.grid.year", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("stats.what")), months.map((n) => el("th.n", { scope: "col" }, t("stats.month", { n: n + 1 }))), el("th.n", { scope: "col" }, t("stats.total")))),
      el("tbody", {}, found.rows.map((row) => el("tr", { "data-key": row.id },
        el("th", { scope: "row" }, row[lang], el("span.meta", {}, row[`rule_${lang}`])),
        row.months ? row.months.map((n) => el(n ? "td.n" : "td.n.none", {}, number(n))) : el("td.n.none", { colspan: 12 }, t("stats.now")),
        el("td.n.sum", {}, number(row.total)))))),
  ];
}
