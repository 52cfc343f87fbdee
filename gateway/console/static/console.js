// The staff desk: follows the gateway's stream, shows the board, says what staff decide.

import { bring, el, icon } from "./dom.js";
import { dayPanel, nowPanel } from "./feed.js";
import { askWho, leave, nameplate, whoami } from "./door.js";
import { itemSheet } from "./item.js";
import { board as together, follow, take } from "./live.js";
import { machinesPanel } from "./machines.js";
import { clock, currentLanguage, exact, number, setLanguage, setTexts, t } from "./words.js";
import { csv, workPanel } from "./work.js";

const $ = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);
const view = {
  severity: address.get("severity") || "", site: address.get("site") || "", kind: address.get("kind") || "",
  find: "", form: null, item: null,
};
let board = null, heard = 0, skew = 0, lostAt = 0, me = null;

function keep(name, value) {
  const now = new URLSearchParams(location.search);
  if (value) now.set(name, value); else now.delete(name);
  history.replaceState(null, "", now.size ? `?${now}` : location.pathname);
}

function show(id, content) {
  const fresh = el("div");
  fresh.append(...content.flat().filter(Boolean));
  bring($(id), fresh);
}

function draw() {
  show("top", top());
  notice();
  document.title = board?.totals.action ? `(${number(board.totals.action)}) ${t("app.title")}` : t("app.title");
  if (!board) return;
  const now = { ...board, now: Date.now() + skew };
  show("work", workPanel(now, view));
  show("machines", machinesPanel(now));
  show("now", nowPanel(now, view));
  show("day", dayPanel(now));
}

function top() {
  const live = board && !lostAt;
  return [
    el("div.brand", { "data-key": "brand" }, el("img", { src: "/static/icon.svg", alt: "", width: 32, height: 32 }),
      el("h1", {}, "Shelfwire"), el("span", {}, t("app.name"))),
    el("div.right", { "data-key": "right" },
      el(live ? "span.live" : "span.live.lost", { title: heard ? t("app.updated", { time: exact(heard) }) : "" },
        icon(live ? "radio" : "cloud-off"), live ? t("app.live") : "…", heard ? el("span.at", {}, clock(heard)) : null),
      nameplate(me),
      me?.rights.includes("work") || me?.open ? el("a.tool", { href: `/drops?lang=${currentLanguage()}`, title: t("drops.title"), "aria-label": t("drops.title") }, icon("inbox")) : null,
      el("button.tool", { type: "button", "data-act": "theme", title: t("app.theme"), "aria-label": t("app.theme") },
        icon(document.documentElement.dataset.theme === "dark" ? "sun" : "moon")),
      el("button.tool.wide", { type: "button", "data-act": "language", lang: currentLanguage() === "vi" ? "en" : "vi" }, icon("languages"), t("app.language"))),
  ];
}

function notice() {
  const text = lostAt ? t("app.stale", { time: clock(lostAt) })
    : board && !board.broker ? t("app.broker_down") : board?.full ? t("app.ledger_full") : "";
  show("notice", text ? [el("p", {}, icon("cloud-off"), text)] : []);
}

function say(text, undo) {
  const toast = el("div.toast", {}, icon("circle-check"), el("span", {}, text),
    undo ? el("button.act", { type: "button" }, t("app.undo")) : null);
  toast.querySelector("button")?.addEventListener("click", () => { toast.remove(); undo(); });
  $("toasts").append(toast);
  setTimeout(() => toast.remove(), 9000);
}

async function decide(number_, what, body) {
  let answer;
  try {
    answer = await fetch(`/api/worklist/${number_}/${what}`, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ who: localStorage.getItem("duty") || "", ...body }),
    });
  } catch {
    say(t("app.no_answer"));
    return false;
  }
  if (!answer.ok) {
    const why = (await answer.json().catch(() => ({}))).error ?? answer.status;
    say(t("app.refused", { why }));
  }
  return answer.ok;
}

async function resolve(number_, action, note = "") {
  if (await decide(number_, "resolve", { action, note })) {
    view.form = null;
    say(`${t(`act.${action}`)}. ${t("app.offline_ok")}`, () => decide(number_, "reopen", { action: "reopened" }));
  }
}

async function openItem(key) {
  const answer = await fetch(`/api/items/${encodeURIComponent(key)}`);
  if (!answer.ok) return;
  const found = await answer.json();
  view.item = { key, found };
  show("sheet", itemSheet(key, found, { ...board, now: Date.now() + skew }));
  if (!$("sheet").open) $("sheet").showModal();
}

function download() {
  const link = el("a", { href: URL.createObjectURL(new Blob([csv(board, view)], { type: "text/csv" })), download: "shelfwire.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}

const ACTS = {
  severity: (node) => { view.severity = node.dataset.value; keep("severity", view.severity); },
  kind: (node) => { view.kind = view.kind === node.dataset.value ? "" : node.dataset.value; keep("kind", view.kind); },
  ask: (node) => { view.form = { number: Number(node.dataset.number), action: node.dataset.value }; },
  cancel: () => { view.form = null; },
  resolve: (node) => resolve(node.dataset.number, node.dataset.value),
  reopen: (node) => decide(node.dataset.number, "reopen", { action: "reopened" }),
  item: (node) => openItem(node.dataset.value),
  close: () => $("sheet").close(),
  leave,
  export: download,
  theme: () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  language: () => speak(currentLanguage() === "vi" ? "en" : "vi"),
};

document.addEventListener("click", (event) => {
  if (event.target === $("sheet")) $("sheet").close();
  const node = event.target.closest("button[data-act]");
  if (!node) return;
  ACTS[node.dataset.act]?.(node);
  draw();
  if (node.dataset.act === "ask") document.querySelector(".ask input")?.focus();
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target.closest("[data-act=answer]");
  if (form) resolve(form.dataset.number, form.dataset.value, form.elements.note.value).then(draw);
});
document.addEventListener("input", (event) => {
  if (event.target.dataset.act === "find") { view.find = event.target.value; draw(); }
  if (event.target.dataset.act === "duty") localStorage.setItem("duty", event.target.value);
});
document.addEventListener("change", (event) => {
  if (event.target.dataset.act === "site") { view.site = event.target.value; keep("site", view.site); draw(); }
});

function speak(language) {
  setLanguage(language);
  document.documentElement.lang = currentLanguage();
  localStorage.setItem("language", currentLanguage());
  keep("lang", currentLanguage() === "vi" ? "" : currentLanguage());
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  if (view.item) show("sheet", itemSheet(view.item.key, view.item.found, { ...board, now: Date.now() + skew }));
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

function hear(message) {
  take(message);
  board = together(message.now);
  heard = message.now;
  skew = message.now - Date.now();
  lostAt = 0;
  draw();
}

function lose() {
  lostAt ||= Date.now() + skew;
  draw();
}

setTexts(await (await fetch("/texts.json")).json());
paint(address.get("theme") || localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
speak(address.get("lang") || localStorage.getItem("language") || "vi");
me = await whoami();
if (me?.account === null) {
  askWho(me, speak);
} else {
  me ??= { account: "", name: "", role: "staff", rights: [], deeds: [], sites: [] };
  draw();
  const duty = document.querySelector("[data-act=duty]");
  if (duty) duty.value = localStorage.getItem("duty") || "";
  follow(hear, lose, () => location.reload());
  setInterval(draw, 20e3);
}
