// The worklist: what a person must look at, and the answers to it.

import { el, icon } from "./dom.js";
import { ago, exact, has, length, machineName, number, siteName, t } from "./words.js";

const ICONS = {
  STAFF_CALLED: "bell-ring", GATE_ALARM: "siren", TROUBLE: "wrench", BIN_FULL: "inbox",
  UNKNOWN_CARD: "id-card", UNKNOWN_ITEM: "book-x", FOREIGN_ITEM: "library", READER_BLOCKED: "lock",
  OTHER_LOAN_CLOSED: "users", NO_RETURN_SEEN: "users", TRANSIT_BROKEN: "package", NOT_FOR_LOAN_TAKEN: "book-marked", FOUND_ITEM: "search",
  LOST_RETURNED: "book-check", CLOCK_UNTRUSTED: "clock", TAG_STILL_ARMED: "shield-alert",
  TAG_TROUBLE: "nfc", TAKEN_ASIDE: "inbox", NOT_IN_BIN: "inbox", SEQ_CONFLICT: "layers", REJECTED: "circle-help", RETURN_BEFORE_LOAN: "history",
  HOLD_TAKEN: "hand", ILS_SORT: "inbox", CERTIFICATE_ENDS: "calendar",
};
const ASKS = new Set(["assign", "void"]);

/** Return the panel's content. `view` holds filters and the open form. */
export function workPanel(board, view) {
  const shown = board.worklist.filter((entry) => fits(entry, view));
  return [
    head(board, shown, view),
    el("div.scroll", { "data-key": "list" },
      board.worklist.length === 0 ? empty() : null,
      board.worklist.length > 0 && shown.length === 0 ? el("p.quiet", {}, t("work.none_here")) : null,
      el("ul.entries", {}, shown.map((entry) => entryRow(entry, board, view))),
      settled(board)),
  ];
}

/** Return the entries a filter lets through. */
export function fits(entry, view) {
  return (!view.severity || entry.severity === view.severity) && (!view.site || entry.site === view.site);
}

function head(board, shown, view) {
  const chip = (value, text) => el("button.chip", {
    type: "button", "data-act": "severity", "data-value": value, "aria-pressed": String((view.severity || "") === value),
  }, text);
  return el("div.head", { "data-key": "head" },
    el("h2", { id: "work-title" }, icon("clipboard-list"), t("work.title"),
      board.totals.open ? el("span.badge", {}, number(board.totals.open)) : null),
    el("div.tools", {},
      chip("", t("work.filter_all")), chip("action", t("work.filter_action")), chip("warn", t("work.filter_warn")),
      el("label.select", {}, el("span.hidden", {}, t("work.site")),
        el("select", { "data-act": "site", "aria-label": t("work.site") },
          el("option", { value: "" }, t("work.every_site")),
          board.sites.map((site) => el("option", { value: site.site, selected: view.site === site.site }, siteName(site.site, board))))),
      bulkOf(board, view).length > 1 && view.severity === "warn" ? el("button.act", { type: "button", "data-act": "bulk" }, icon("list-checks"), t("work.bulk", { n: number(bulkOf(board, view).length) })) : null,
      el("button.tool", { type: "button", "data-act": "export", title: t("work.export"), "aria-label": t("work.export"), disabled: shown.length === 0 }, icon("download"))));
}

/** Return the shown entries that only inform and may be accepted together. */
export function bulkOf(board, view) {
  return board.worklist.filter((entry) => fits(entry, view) && entry.severity === "warn" && entry.actions.includes("accept")).slice(0, 100).map((entry) => entry.number);
}

function empty() {
  return el("div.empty", {}, icon("circle-check", "huge"), el("p.big", {}, t("work.empty")), el("p", {}, t("work.empty_hint")));
}

/** Return what is wrong, in one sentence. */
export function sentence(entry) {
  if (entry.code === "TROUBLE") {
    const key = `trouble.${entry.detail.reason}`;
    return t(has(key) ? key : "trouble.other", entry.detail);
  }
  return t(`code.${entry.code}`, values(entry));
}

/** Return what to do about it. */
export function advice(entry, board) {
  if (entry.code === "TROUBLE") {
    const key = `mend.${entry.detail.reason}`;
    return t(has(key) ? key : "mend.other", entry.detail);
  }
  return has(`hint.${entry.code}`) ? t(`hint.${entry.code}`, { ...values(entry), place: machineName(entry.device, board) }) : "";
}

function values(entry) {
  const reason = ["aside", "tag", "refused"].map((one) => `${one}.${entry.detail.reason}`).find(has);
  return {
    ...entry.detail,
    delta: length(entry.detail.unc ?? 0),
    reason: ["TAG_TROUBLE", "TAKEN_ASIDE", "NOT_IN_BIN"].includes(entry.code) ? t(reason ?? "tag.other") : entry.detail.reason,
    why: has(`ils.${entry.detail.reason}`) ? t(`ils.${entry.detail.reason}`) : entry.detail.why ?? "",
  };
}

function entryRow(entry, board, view) {
  const at = entry.detail.at ?? entry.opened;
  return el(`li.entry.${entry.severity}`, { "data-key": `e${entry.number}`, "data-code": entry.code },
    el("div.mark", {}, icon(ICONS[entry.code] ?? "circle-alert")),
    el("div.what", {},
      el("p.title", {}, el("span.hidden", {}, `${t(`sev.${entry.severity}`)}: `), sentence(entry),
        entry.detail.count > 1 ? el("span.times", {}, t("work.count_times", { n: number(entry.detail.count) })) : null),
      about(entry),
      el("p.hint", {}, advice(entry, board)),
      el("p.meta", {}, entry.site ? el("span", {}, icon("map-pin"), machineName(entry.device, board), " · ", siteName(entry.site, board)) : null,
        entry.reader ? el("span", {}, icon("user"), el("button.link", { type: "button", "data-act": "record", "data-value": entry.reader }, entry.reader_name || entry.reader)) : null,
        plan(entry, board),
        el("button.link.plan", { type: "button", "data-act": "entry", "data-value": entry.number }, icon("search"), t("evidence.open")),
        el("time", { datetime: new Date(at).toISOString(), title: exact(at), tabindex: 0 }, ago(at, board.now)))),
    buttons(entry, view));
}

function plan(entry, board) {
  const late = entry.deadline < board.now;
  return el(late ? "button.link.plan.overdue" : "button.link.plan", { type: "button", "data-act": "ask", "data-value": "plan", "data-number": entry.number, title: exact(entry.deadline) },
    icon(late ? "triangle-alert" : "timer"), entry.assignee || t("plan.nobody"), " · ",
    late ? t("plan.overdue", { age: length(board.now - entry.deadline) }) : t("plan.left", { age: length(entry.deadline - board.now) }));
}

function planForm(entry) {
  const choices = [["", "plan.usual"], ["1", "plan.hour"], ["4", "plan.today"], ["24", "plan.tomorrow"], ["72", "plan.days"]];
  return el("form.ask", { "data-act": "plan", "data-number": entry.number, "data-key": "plan" },
    el("label", {}, t("plan.who"), el("input", { name: "assignee", maxlength: 80, value: entry.assignee || "", autocomplete: "off" })),
    el("label", {}, t("plan.when"), el("select", { name: "hours" }, choices.map(([value, key]) => el("option", { value }, t(key))))),
    el("div.acts", {}, el("button.act.first", { type: "submit" }, t("app.confirm")), el("button.act", { type: "button", "data-act": "cancel" }, t("app.cancel"))));
}

function about(entry) {
  if (!entry.item) return null;
  return el("p.book", {}, el("button.link", { type: "button", "data-act": "item", "data-value": entry.item },
    entry.title || entry.item), entry.author ? el("span", {}, ` · ${entry.author}`) : null);
}

/** Return what can be answered to an entry, or the open form. */
export function buttons(entry, view) {
  const form = view.form?.number === entry.number ? view.form : null;
  if (form) return form.action === "plan" ? planForm(entry) : askForm(entry, form);
  return el("div.acts", {}, entry.actions.map((action, n) =>
    el(n === 0 ? "button.act.first" : "button.act", {
      type: "button", "data-act": ASKS.has(action) ? "ask" : "resolve", "data-value": action, "data-number": entry.number,
    }, t(`act.${action}`))));
}

function askForm(entry, form) {
  return el("form.ask", { "data-act": "answer", "data-number": entry.number, "data-value": form.action, "data-key": "ask" },
    el("label", {}, t(`ask.${form.action}`), el("input", { name: "note", required: true, maxlength: 200, autocomplete: "off" })),
    el("div.acts", {},
      el("button.act.first", { type: "submit" }, t("app.confirm")),
      el("button.act", { type: "button", "data-act": "cancel" }, t("app.cancel"))));
}

function settled(board) {
  if (!board.settled.length) return null;
  return el("details.settled", { "data-key": "settled" },
    el("summary", {}, icon("history"), t("work.settled"), el("span.badge.calm", {}, number(board.settled.length))),
    el("ul", {}, board.settled.map((entry) => el("li", { "data-key": `s${entry.number}` },
      el("span.what", {}, el("b", {}, sentence(entry)), entry.title ? ` · ${entry.title}` : "",
        el("span.meta", {}, t("work.settled_by", { action: t(`act.${entry.action}`), who: entry.who || t("work.nobody") }),
          entry.note ? ` · ${entry.note}` : "", " · ",
          el("time", { title: exact(entry.at), tabindex: 0 }, ago(entry.at, board.now)))),
      el("button.act", { type: "button", "data-act": "reopen", "data-number": entry.number }, icon("undo-2"), t("work.reopen"))))));
}

/** Return the shown entries as a CSV file. */
export function csv(board, view) {
  const quote = (value) => `"${String(value ?? "").replaceAll('"', '""').replace(/^[=+\-@]/, "'$&")}"`;
  const rows = board.worklist.filter((entry) => fits(entry, view)).map((entry) => [
    exact(entry.opened), t(`sev.${entry.severity}`), entry.code, sentence(entry), entry.item, entry.title,
    entry.reader, entry.site, entry.device,
  ]);
  const names = ["opened", "severity", "code", "what", "item", "title", "reader", "site", "device"];
  return `\ufeff${[names, ...rows].map((row) => row.map(quote).join(",")).join("\r\n")}\r\n`;
}
