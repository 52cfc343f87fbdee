// One function a screen: from what the engine says to what the reader sees. One question a screen.

import { cover } from "/look/cover.js";
import { board } from "/static/board.js";
import { button, drawing, h, head, icon, notice } from "/static/dom.js";
import { classes, lesson } from "/static/lesson.js";
import { following } from "/static/words.js";
import { CARD, HAND, LOOK_HERE, REST, TICK } from "/static/drawings.js";

const ROW_ICONS = {
  reading: "loader-circle", ready: "scan-line", working: "loader-circle", lent: "circle-check",
  returned: "circle-check", renewed: "circle-check", already: "info", refused: "hand-helping",
  armed: "shield-alert", put_back: "arrow-down", trouble: "circle-alert", left: "history",
  wished: "clock", late: "calendar", "": "calendar", hold_ready: "package", hold_waits: "hourglass",
};
const ROW_TONES = {
  lent: "good", returned: "good", renewed: "good", armed: "look", put_back: "look",
  refused: "stop", trouble: "look", already: "calm", left: "calm", wished: "calm", late: "look", hold_ready: "good", hold_waits: "calm",
};

/** One sentence after the other, each for itself: a voice says them one by one. */
function spoken(what, ...texts) {
  return h(what, {}, texts.filter(Boolean).map((text) => h("span", {}, `${text} `)));
}

function row(item) {
  const tone = ROW_TONES[item.state] ?? "quiet";
  const spins = item.state === "reading" || item.state === "working" ? "turning" : "";
  return h(`li.book.${tone}`, { "data-key": item.key, "data-state": item.state },
    item.item ? cover(item.item, item.title, item.author) : h("div.cover.unknown", {}, icon("circle-help")),
    h("div.about", {},
      h("p.title", {}, item.title), item.author && h("p.author", {}, item.author),
      item.text && h("p.state", {}, icon(ROW_ICONS[item.state] ?? "circle", spins), h("span", {}, item.text))),
    item.button && button("second.inline", "rotate-cw", item.button, "renew", item.item));
}

function shelf(items, empty = "") {
  if (!items?.length) return empty && h("div.empty", {}, drawing(HAND, "hand small"), h("p", {}, empty));
  const size = items.length <= 3 ? "few" : items.length <= 4 ? "some" : items.length <= 6 ? "many" : "many.full";
  return h(`ul.shelf.${size}`, { "data-count": items.length }, items.map(row));
}

function idle(t, d) {
  const hours = d.hours && (d.hours.closed ? t("idle.closed") : t("idle.open_hours", d.hours));
  return [h("div.welcome", {},
    h("p.library", {}, t("idle.welcome", { library: d.library })),
    h("h1.huge", {}, t("idle.title")),
    drawing(HAND, "hand"),
    h("p.lines", {}, h("span", {}, t("idle.place")), h("br"), h("span.softer", {}, t("idle.or_place_card"))),
    d.left ? h("p.left", {}, icon("info"), t("idle.left")) : hours && h("p.hours", {}, icon("clock"), hours)),
  h("nav.menu", { "aria-label": t("idle.title") },
    button("big.first", "book-open", t("menu.borrow"), "borrow"),
    button("big", "undo-2", t("menu.return"), "return"),
    !d.kids && button("big", "rotate-cw", t("menu.renew"), "renew"),
    !d.kids && button("big", "user-round", t("menu.account"), "account"),
    d.lesson && button("big.classes", "users", t("class.open"), "class")), !d.left && !d.kids && board(t, d), notice(d)];
}

function books(t, d) {
  if (d.state === "books_seen") {
    return [head(t, t("bor.seen", { n: d.waiting }), t("books.seen_hint")), notice(d), shelf(d.items),
      h("div.actions", {}, h("button.cardcall", { type: "button", "data-press": "borrow" }, drawing(CARD, "card tiny"), h("span", {}, t("books.card"))),
        button("second", "undo-2", t("menu.return"), "return"))];
  }
  if (d.state === "placing_returns") {
    return [head(t, t("ret.place"), t("ret.hint")), notice(d), shelf(d.items, t("books.none")),
      d.waiting > 0 && h("div.actions", {}, button("first", "undo-2", t("books.return_n", { n: d.waiting }), "return"))];
  }
  return [head(t, d.items?.length ? t("bor.seen", { n: d.seen }) : t("bor.place", { n: d.stack }),
    d.items?.length ? (d.still ? "" : t("bor.reading")) : t("books.place_hint"), hello(t, d)),
  notice(d) ?? ready(t, d), shelf(d.items, t("books.none")),
    h("div.actions", {},
      d.waiting > 0 && button("first", "check", t("books.borrow_n", { n: d.waiting }), "borrow"),
      !d.tapped && button("second", "user-round", t("menu.account"), "account"),
      button("second", "undo-2", t("menu.return"), "return"))];
}

function ready(t, d) {
  return d.holds_ready > 0 && h("div.notice.good", { "data-key": "ready" }, icon("package"), h("span", {}, t("acc.fetch", { n: d.holds_ready })));
}

function hello(t, d) {
  return d.known && d.name ? h("p.hello", {}, icon("user-round"), t("id.hello", { name: d.name })) : null;
}

const ASKED = { staff_card: "staff.ask", class_card: "class.ask" };

function identify(t, d) {
  if (d.typing) return typed(t, d);
  return [h("div.ask", {},
    drawing(CARD, d.checking ? "card checking" : "card"),
    h("div.words", {},
      h("h1", { tabindex: "-1" }, d.checking ? t("id.checking") : ASKED[d.state] ? t(ASKED[d.state]) : t("id.title")),
      spoken("p.sentence", t(d.state === "class_card" ? "class.ask_hint" : "id.hint"), ["card_for_account", "card_for_renewal"].includes(d.state) && t("id.account_hint")),
      notice(d), !ASKED[d.state] && h("p.privacy", {}, icon("lock"), t("id.privacy")),
      d.may_type && h("div.actions", {}, button("second", "keyboard", t("pin.type_card"), "type_card")))),
  d.items?.length ? h("div.beside", {}, h("p", {}, t("bor.seen", { n: d.waiting })), shelf(d.items)) : null];
}

/** Ten digits to touch; what was typed is shown as dots, or as the number itself where it is no secret. */
function keypad(t, d) {
  const rests = d.wait > 0 || d.checking;
  const off = { disabled: rests ? "" : null };
  const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0"];
  const shown = d.typing ? d.typed : "●".repeat(d.dots);
  return h("div.keypad", { role: "group", "aria-label": t("pin.keypad") },
    h("output.typed", { "aria-label": t("pin.typed", { n: d.dots }) }, shown || "\u00a0"),
    digits.map((n) => (n ? h("button.second.key", { type: "button", "data-press": "digit", "data-arg": n, "data-key": `k${n}`, ...off }, t("pin.digit", { n }))
      : h("button.second.key", { type: "button", "data-press": "rub_out", "data-key": "rub", "aria-label": t("pin.rub_out"), ...off }, icon("delete")))),
    h("button.first.key", { type: "button", "data-press": "enter", "data-key": "enter", "aria-label": t("pin.enter"), disabled: rests || !d.dots ? "" : null }, icon("check")));
}

function pin(t, d) {
  return [h("div.ask.typing", {}, h("div.words", {},
    h("h1", { tabindex: "-1" }, d.checking ? t("pin.checking") : t("pin.title")),
    h("p.sentence", {}, d.wait > 0 ? t("pin.wait", { n: d.wait }) : t("pin.hint")), notice(d),
    h("p.privacy", {}, icon("lock"), t("pin.privacy")),
    d.state === "pin_to_borrow" && h("div.actions", {}, button("second", "undo-2", t("menu.return"), "return"))), keypad(t, d))];
}

function typed(t, d) {
  return [h("div.ask.typing", {}, h("div.words", {},
    h("h1", { tabindex: "-1" }, d.checking ? t("id.checking") : t("pin.card_title")),
    h("p.sentence", {}, d.wait > 0 ? t("pin.wait", { n: d.wait }) : t("pin.card_hint")), notice(d)), keypad(t, d))];
}

function count(t, d) {
  return [head(t, t("bor.count_check", { n: d.waiting }), t("count.hint"), hello(t, d)), notice(d),
    d.kids && h("div.counted", { "aria-hidden": "true" }, Array.from({ length: d.waiting }, () => icon("book"))), shelf(d.items),
    h("div.actions.question", {},
      button("first", "check", t("bor.count_yes", { n: d.waiting }), "count_yes"),
      button("second", "x", t("bor.count_no"), "count_no"))];
}

function working(t, d) {
  const n = d.total || 1;
  return [head(t, t(d.goal === "return" ? "work.returning" : "work.lending"), t("work.still")),
    h("div.bar", {},
      h("progress", { max: n, value: d.settled, "aria-label": t(d.goal === "return" ? "work.returning" : "work.lending") }), h("span", {}, t("work.progress", { done: d.settled, n }))),
    notice(d), shelf(d.items)];
}

/** What needs a hand comes first: the rest may be below the edge of a small screen. */
function urgentFirst(items = []) {
  const rank = (item) => (["stop", "look"].includes(ROW_TONES[item.state]) ? 0 : 1);
  return [...items].sort((a, b) => rank(a) - rank(b));
}

function results(t, d) {
  const back = d.goal === "return";
  const those = (which) => (back ? 0 : d.items.filter(which).length);
  const done = [[back ? d.returned : d.lent, back ? "ret.summary" : "bor.summary"], [those((i) => i.say === "acc.renewed"), "res.renewed"],
    [those((i) => i.say === "res.wish_sent"), "res.wish_sent"], [those((i) => i.state === "already"), "res.own"]];
  const [good, said] = done.find(([n]) => n > 0) ?? [0, back ? "res.none_returned" : "res.none"];
  const title = t(said, { n: good });
  const bad = d.failed ? t(back ? "res.not_returned" : "bor.not_done", { n: d.failed }) : "";
  return [h("div.finish", {}, drawing(good ? TICK : LOOK_HERE, "tick"),
    h("div.words", {}, h("h1", { tabindex: "-1" }, title),
      d.due && !back ? h("p.due", {}, t(d.sure ? "res.lent_due" : "off.due_estimate", { due: d.due })) : null,
      bad && h("p.bad", {}, icon("circle-alert"), bad),
      spoken("p.sentence", back ? t("res.cart") : good && t("res.take"), t("res.more")))),
  notice(d), shelf(urgentFirst(d.items)),
  back ? d.returned > 0 && h("div.actions", {}, button("second", "scan-barcode", t("res.one_missing"), "count_no"))
    : d.own > 0 && h("div.actions", {}, button("second", "rotate-cw", t("res.renew_here", { n: d.own }), "renew_here"))];
}

function account(t, d) {
  const rows = (d.items ?? []).map((i) => (i.open ? { ...i, button: t("menu.renew") } : i));
  const open = rows.some((i) => i.open);
  const holds = d.holds ?? [];
  const title = d.checking ? t("acc.loading") : rows.length ? t("acc.loans", { n: rows.length }) : t("acc.none");
  return [head(t, title, open && d.state !== "account" ? t("acc.pick") : "", hello(t, d)), notice(d),
    !d.kids && d.fees && h("div.facts", {}, h("p", {}, icon("receipt-text"), t("acc.fees", { amount: d.fees }))),
    shelf([...holds.filter((i) => i.state === "hold_ready"), ...rows, ...holds.filter((i) => i.state === "hold_waits")]),
    h("div.actions", {},
      open && button("first", "rotate-cw", t("acc.renew_all"), "renew_all"),
      button("second", "book-open", t("menu.borrow"), "borrow"))];
}

function paper(r) {
  return h("div.paper", {}, h("p.name", {}, r.library), h("p.kind", {}, r.title), h("p.when", {}, r.when),
    r.sections.map((s) => [h("p.section", {}, s.head), h("ul", {}, s.rows.map((x) =>
      h("li", {}, h("span", {}, x.title), h("strong", {}, x.due))))]),
    r.foot.map((line) => h("p.foot", {}, line)));
}

/** A QR code from rows of 0 and 1, with its quiet zone. */
function qr(rows, label) {
  const side = rows.length + 8;
  const dots = rows.flatMap((row, y) => [...row].map((dark, x) => (dark === "1" ? `M${x + 4} ${y + 4}h1v1h-1z` : ""))).join("");
  const box = h("div.qr", { role: "img", "aria-label": label });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", dots);
  svg.append(path);
  box.append(svg);
  return box;
}

function proof(t, d) {
  if (!d.genuine) {
    return [h("div.farewell", {}, drawing(LOOK_HERE, "tick large"), h("h1.told", { tabindex: "-1" }, t("proof.false")), h("p.sentence", {}, t("proof.false_hint"))), notice(d)];
  }
  return [h("div.finish", {}, drawing(TICK, "tick"), h("div.words", {}, h("h1", { tabindex: "-1" }, t("proof.genuine", { n: d.items.length })),
    h("p.due", {}, t("proof.made", { when: d.when, device: d.device })), h("p.sentence", {}, t("rec.number", { txn: d.number })))), notice(d), shelf(d.items)];
}

function receipt(t, d) {
  if (d.state === "receipt_shown" && d.receipt) {
    return [h("div.split", {}, paper(d.receipt), h("div.words", {}, h("h1", { tabindex: "-1" }, t("rec.yours")),
      h("p.sentence", {}, t("rec.photo")), notice(d),
      d.receipt.qr?.length ? h("div.proofcode", {}, qr(d.receipt.qr, d.receipt.proof), h("p", {}, d.receipt.proof)) : null,
      d.printer !== "none" && h("div.actions.down", {}, button("second", "printer", t("rec.print"), "print"))))];
  }
  if (d.state === "printing") return [head(t, t("rec.printing")), h("div.middle", {}, icon("printer", "giant"))];
  return [head(t, t("rec.prompt"), d.summary), notice(d),
    h("div.choices", {},
      d.printer !== "none" && button(d.printer === "ok" || d.printer === "low" ? "big.first" : "big", "printer", t("rec.print"), "print", "",
        { disabled: d.printer === "out" || d.printer === "away" ? "" : null }),
      d.mail && button("big", "mail", t("rec.email"), "email"),
      button("big", "receipt-text", t("rec.screen"), "on_screen"), button("big", "x", t("rec.none"), "no_receipt"))];
}

function bye(t, d) {
  return [h("div.farewell", {}, drawing(TICK, "tick large"), h("h1.huge", {}, t("ses.bye")),
    d.left ? h("p.left", {}, icon("book-open"), t("bye.books")) : h("p.sentence", {}, d.printed ? t("rec.take") : d.mailed ? t("rec.mailed") : ""))];
}

function trouble(t, d) {
  return [h("div.farewell", {}, drawing(REST, "tick large"), h("h1", {}, t("idle.out_of_service")),
    h("p.sentence", {}, t("unable.safe")), notice(d))];
}

const STAFF = [["test", "wrench"], ["resolve", "check"], ["reprint", "printer"], ["restart", "power"]];

function staff(t, d) {
  const { lines, closed, receipt, version } = d.staff ?? { lines: [] };
  const acts = [[closed ? "open" : "close", closed ? "door-open" : "door-closed"], ...STAFF];
  return [head(t, t("staff.title"), ""), notice(d), h("div.hatch", {},
    h("dl.status", {}, lines.map((line) => h(`div.${line.tone}`, {}, h("dt", {}, line.name),
      h("dd", {}, icon(line.tone === "good" ? "circle-check" : "circle-alert"), h("span", {}, line.text)))),
    h("div", {}, h("dt", {}, "Shelfwire"), h("dd", {}, version)),
    h("div", {}, h("dt", {}, t("staff.box")), h("dd", {}, t("staff.box_hint")))),
    h("div.acts", {}, acts.map(([name, iconName]) => button("second", iconName, t(`staff.${name}`), "staff_does", name,
      { disabled: name === "reprint" && !receipt ? "" : null }))))];
}

export const VIEWS = { class: lesson, classes, staff, idle, books, identify, pin, proof, count, working, results, account, renew: account, receipt, bye, trouble };

function language(t, m) {
  const [code, name] = following(m.lang);
  return button("second.language", "languages", name, "language", "", { lang: code, "aria-label": name });
}

const LOOKS = { kids: "rabbit", large_text: "zoom-in", contrast: "contrast", low_reach: "arrow-down", voice: "volume-2" };

function looks(t, m, more) {
  return h("div.looks", { role: "group", "aria-label": t("look.title") },
    Object.entries(LOOKS).filter(([name]) => name !== "kids" || m.screen === "idle").map(([name, iconName]) => button("look", iconName, t(`look.${name}`), name, "",
      { "aria-label": t(`look.${name}`), "aria-pressed": String(Boolean(m.look?.includes(name))) })), more);
}

export function top(t, m) {
  return [h("div.brand", {}, icon("library"), h("span", {}, m.data.library ?? "")),
    h("div.right", {}, h("span.clock", {}, m.data.time ?? ""),
      h(`span.link.${m.online ? "on" : "off"}`, {}, icon(m.online ? "wifi" : "wifi-off"),
        h("span", {}, t(m.online ? "page.online" : "page.offline"))),
      !m.look?.includes("low_reach") && language(t, m))];
}

const BACK = new Set(["classes", "books", "identify", "pin", "account", "renew", "receipt", "staff"]);
const NO_FINISH = new Set(["class", "idle", "working", "bye", "trouble"]);

export function bottom(t, m) {
  const main = m.screen === "results" || m.data.state === "receipt_shown" ? "first" : "second";
  const low = m.look?.includes("low_reach");
  return [h("div.left", {}, BACK.has(m.screen) && button("second", "arrow-left", t("ses.back"), "back")),
    looks(t, m, low && language(t, m)),
    h("div.call", {}, m.data.staff_called
      ? h("p.called", { role: "status" }, icon("bell-ring"), h("span", {}, t("ses.staff_called")))
      : button("second.help", "bell", t("menu.help"), "help", "", { "aria-label": t("menu.help") })),
    h("div.right", {}, !NO_FINISH.has(m.screen) && button(main, "log-out", t(m.data.tapped ? "class.done" : "ses.finish"), "finish"))];
}

function resting(t, d) {
  if (d.rest === "dim") return h("div.rest.dimmed", { "data-key": "dim", "data-press": "more_time" });
  return h("div.rest.night", { "data-key": "night", "data-press": "more_time", role: "dialog", "aria-modal": "true", "aria-labelledby": "night" },
    icon("moon", "giant"), h("h2", { id: "night" }, t("idle.night")), d.opens_again && h("p.sentence", {}, d.opens_again), h("p.hint", {}, t("idle.touch")));
}

export function over(t, m) {
  if (m.data.rest) return [resting(t, m.data)];
  if (!m.warn) return [];
  return [h("div.veil", { "data-key": "veil" }, h("div.more", { role: "alertdialog", "aria-modal": "true", "aria-labelledby": "ask", "aria-describedby": "left" },
    icon("hourglass", "giant"), h("h2", { id: "ask" }, t("ses.more_time")), h("p.sentence", { id: "left" }, t("ses.auto_logout", { n: m.seconds_left })),
    h("div.actions.down", {}, button("first", "check", t("ses.more_time_yes"), "more_time", "", { "data-focus": "" }),
      button("second", "log-out", t("ses.finish"), "finish"))))];
}
