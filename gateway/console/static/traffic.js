// A site's day at its gates: passages by quarters of an hour, people served, and what alarms were.

import { el, icon } from "./dom.js";
import { clock, number, siteName, t } from "./words.js";

/** Return the content of the sheet. */
export function trafficSheet(found, board) {
  const closing = found.closing && found.closing.entered - found.closing.left;
  return [
    el("div.head", {}, el("h2", { id: "sheet-title" }, icon("users"), t("traffic.title", { site: siteName(found.site, board) })),
      el("button.tool", { type: "button", "data-act": "close", "aria-label": t("app.close"), title: t("app.close") }, icon("x"))),
    el("div.scroll", { tabindex: 0 },
      found.provisional ? el("p.quiet", {}, t("traffic.provisional")) : null,
      el("ul.loans", {},
        el("li", {}, icon("arrow-down"), t("gates.in", { n: number(found.entered) }), " · ", t("gates.out", { n: number(found.left) })),
        el("li", {}, icon("book-check"), t("traffic.served", { n: number(found.served) })),
        closing === null ? null : el("li", {}, icon("door-closed"), t("traffic.closing", { n: number(closing) })),
        el("li", {}, icon("siren"), t("traffic.alarms", { alarms: number(found.alarms), passed: number(found.let_pass), hints: number(found.hints) })),
        el("li", {}, icon("shield-check"), rate(found.false_alarms))),
      found.buckets.length ? table("traffic.quarters", ["traffic.time", "traffic.in", "traffic.out"],
        found.buckets.map((one) => [clock(one.at), number(one.entered), number(one.left)])) : el("p.quiet", {}, t("traffic.nobody")),
      found.false_alarms.judged ? table("traffic.where", ["traffic.place", "traffic.false", "traffic.judged"], [
        ...found.false_alarms.gates.map((one) => [one.name, number(one.false), number(one.judged)]),
        ...found.false_alarms.antennas.filter((one) => !one.name.endsWith(":")).map((one) => [t("traffic.antenna", { name: one.name }), number(one.false), number(one.judged)]),
        ...found.false_alarms.hours.map((one) => [t("traffic.hour", { hour: one.name }), number(one.false), number(one.judged)]),
      ]) : null),
  ];
}

function rate(found) {
  if (!found.judged) return t("traffic.rate_none");
  return t("traffic.rate", { percent: number(Math.round((100 * found.false) / found.judged)), false: number(found.false), judged: number(found.judged) });
}

function table(caption, head, rows) {
  return el("table.grid", {}, el("caption", {}, t(caption)),
    el("thead", {}, el("tr", {}, head.map((name, n) => el(n ? "th.n" : "th", { scope: "col" }, t(name))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, n) => el(n ? "td.n" : "td", {}, cell))))));
}
