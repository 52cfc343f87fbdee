// The staff desk: follows the gateway's stream, shows the pages, says what staff decide.

import { ask, bulk, resolve, decide, say, planned } from "./acts.js";
import { bar, notice } from "./bar.js";
import { bring, el } from "./dom.js";
import { askWho, leave, whoami } from "./door.js";
import { dayPanel, nowPanel } from "./feed.js";
import { handsPanel, rankingPanel, sitesPanel } from "./fleet.js";
import { binsPanel, desksPanel, gatesPanel, ring } from "./gates.js";
import { board as together, follow, take } from "./live.js";
import { judge, machinesPanel } from "./machines.js";
import { followMarks } from "./map.js";
import { commandsPanel, looksPanel } from "./record.js";
import { sheets } from "./sheet.js";
import { statsPanel } from "./stats.js";
import { currentLanguage, machineName, number, setLanguage, setTexts, t } from "./words.js";
import { bulkOf, csv, workPanel } from "./work.js";

const $ = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);
const view = {
  page: address.get("page") || "desk", severity: address.get("severity") || "", site: address.get("site") || "",
  kind: address.get("kind") || "", find: "", place: "", map: address.get("map") || "", year: Number(address.get("year")) || new Date().getFullYear(), form: null, sheet: null, sound: localStorage.getItem("sound") === "on",
};
let board = null, heard = 0, skew = 0, lostAt = 0, me = null;
const fetched = { statistics: null, map: null, ranking: null, looks: null, commands: null };
const states = new Map();
const sheet = sheets(view, at, show);
followMarks(view, () => fetched.map, draw);

const PAGES = {
  desk: { right: "counts", icon: "clipboard-list", draw: (now) => ({
    work: me.rights.includes("work") ? workPanel(now, view) : null, machines: me.rights.includes("machines") ? machinesPanel(now) : null,
    now: me.rights.includes("readers") ? nowPanel(now, view) : null, day: dayPanel(now) }) },
  machines: { right: "machines", icon: "cpu", asks: ["ranking", "map"], draw: (now) => ({
    work: handsPanel(now), machines: sitesPanel(now, view, fetched.map), now: rankingPanel(fetched.ranking, now) }) },
  gates: { right: "readers", icon: "siren", draw: (now) => ({ work: gatesPanel(now, view), machines: binsPanel(now), now: desksPanel(now) }) },
  stats: { right: "counts", icon: "trending-up", asks: ["statistics"], draw: (now) => ({ work: statsPanel(fetched.statistics, now, view) }) },
  log: { right: "looks", icon: "history", asks: ["looks", "commands"], draw: (now) => ({ work: looksPanel(fetched.looks), machines: commandsPanel(fetched.commands, now) }) },
};

function keep(name, value) {
  const now = new URLSearchParams(location.search);
  if (value) now.set(name, value); else now.delete(name);
  history.replaceState(null, "", now.size ? `?${now}` : location.pathname);
}

function show(id, content) {
  $(id).hidden = !content;
  const fresh = el("div");
  fresh.append(...(content ?? []).flat().filter(Boolean));
  bring($(id), fresh);
}

function at() { return { ...board, now: Date.now() + skew }; }

function draw() {
  show("top", bar(PAGES, view, me, board, heard, lostAt));
  show("notice", notice(board, lostAt));
  document.title = board?.totals.action ? `(${number(board.totals.action)}) ${t("app.title")}` : t("app.title");
  if (!board) return;
  const panels = PAGES[view.page].draw(at());
  const main = document.querySelector("main");
  main.dataset.page = view.page;
  main.dataset.panels = Object.keys(panels).filter((name) => panels[name]).join(" ");
  for (const id of ["work", "machines", "now", "day"]) show(id, panels[id] ?? null);
  sheet.draw();
}

async function bringIn(...names) {
  const more = { statistics: `?year=${view.year}&site=${encodeURIComponent(view.site)}` };
  for (const name of names) fetched[name] = (await ask(`/api/${name}${more[name] ?? ""}`)) ?? fetched[name];
  draw();
}

function turn(page) {
  view.page = PAGES[page] && me.rights.includes(PAGES[page].right) ? page : "desk";
  keep("page", view.page === "desk" ? "" : view.page);
  if (PAGES[view.page].asks) bringIn(...PAGES[view.page].asks);
}

const ACTS = {
  page: (node) => turn(node.dataset.value),
  severity: (node) => { view.severity = node.dataset.value; keep("severity", view.severity); },
  kind: (node) => { view.kind = view.kind === node.dataset.value ? "" : node.dataset.value; keep("kind", view.kind); },
  ask: (node) => { view.form = { number: Number(node.dataset.number), action: node.dataset.value }; },
  cancel: () => { view.form = null; },
  resolve: async (node) => { if (await resolve(node.dataset.number, node.dataset.value)) view.form = null; sheet.again(); },
  reopen: async (node) => { await decide(node.dataset.number, "reopen", { action: "reopened" }); sheet.again(); },
  bulk: () => bulk(bulkOf(board, view)),
  entry: (node) => sheet.open("entry", node.dataset.value, `/api/worklist/${node.dataset.value}`),
  "map-on": (node) => { view.map = node.dataset.value; keep("map", view.map); },
  "map-out": () => { view.zoom = null; view.chosen = null; },
  item: (node) => sheet.open("item", node.dataset.value, `/api/items/${encodeURIComponent(node.dataset.value)}`),
  device: (node) => sheet.open("device", node.dataset.value, `/api/devices/${node.dataset.value}`),
  traffic: (node) => sheet.open("traffic", node.dataset.value, `/api/gates?site=${encodeURIComponent(node.dataset.value)}`),
  record: (node) => sheet.open("record", node.dataset.value),
  "record-why": (node) => { document.querySelector("[data-act=record-form] [name=why]").value = node.dataset.value; },
  deed: (node) => sheet.command(node.dataset.device, node.dataset.value),
  "deed-ask": (node) => { view.sheet.ask = node.dataset.value; },
  "deed-cancel": () => { view.sheet.ask = null; },
  reply: async (node) => { view.sheet.reply = view.sheet.reply?.id === node.dataset.value ? null : await ask(`/api/commands/${node.dataset.value}`); sheet.draw(); },
  visits: async () => { view.sheet.visits = await ask(`/api/visits/${view.sheet.key}`); sheet.draw(); },
  visit: async (node) => { view.sheet.visit = await ask(`/api/visits/${view.sheet.key}/${encodeURIComponent(node.dataset.value)}`); view.sheet.at = undefined; sheet.draw(); },
  "visit-back": () => { view.sheet.visit = null; },
  play: sheet.play,
  sound: () => { view.sound = !view.sound; localStorage.setItem("sound", view.sound ? "on" : "off"); if (view.sound) ring(); },
  close: sheet.close,
  leave,
  export: download,
  theme: () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  language: () => speak(currentLanguage() === "vi" ? "en" : "vi"),
};

const FORMS = {
  answer: async (form) => { if (await resolve(form.dataset.number, form.dataset.value, form.elements.note.value)) view.form = null; },
  plan: async (form) => { if (await planned(form)) view.form = null; },
  "deed-form": (form) => sheet.command(form.dataset.device, form.dataset.value, form.elements.minutes ? { minutes: Number(form.elements.minutes.value), why: form.elements.why.value } : {}),
  "record-form": async (form) => { view.sheet.found = await ask(`/api/readers/${encodeURIComponent(form.dataset.value)}`, { why: form.elements.why.value }); sheet.draw(); },
};

function download() {
  const link = el("a", { href: URL.createObjectURL(new Blob([csv(board, view)], { type: "text/csv" })), download: "shelfwire.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}

document.addEventListener("click", (event) => {
  const node = event.target.closest("button[data-act]");
  if (!node || !me || me.account === null) return;
  ACTS[node.dataset.act]?.(node);
  draw();
  if (node.dataset.act === "ask") document.querySelector(".ask input")?.focus();
  if (node.dataset.act === "deed-ask") document.querySelector(".ask input, .ask button")?.focus();
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-act]");
  if (!FORMS[form?.dataset.act]) return;
  event.preventDefault();
  FORMS[form.dataset.act](form).then(draw);
});
document.addEventListener("input", (event) => {
  const { act } = event.target.dataset, { value } = event.target;
  if (act === "find" || act === "place") { view[act] = value; draw(); }
  if (act === "duty") localStorage.setItem("duty", value);
  if (act === "seek") { sheet.stop(); view.sheet.at = Number(value); sheet.draw(); }
});
document.addEventListener("change", (event) => {
  const { act } = event.target.dataset, { value } = event.target;
  if (act === "site") { view.site = value; keep("site", value); draw(); }
  if (act === "year") { view.year = Number(value); keep("year", value); draw(); }
  if (view.page === "stats" && ["site", "year"].includes(act)) bringIn("statistics");
});
window.addEventListener("resize", () => draw());

function speak(language) {
  setLanguage(language);
  document.documentElement.lang = currentLanguage();
  localStorage.setItem("language", currentLanguage());
  keep("lang", currentLanguage() === "vi" ? "" : currentLanguage());
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  if (view.sheet) sheet.draw();
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

function hear(message) {
  const before = new Set(board?.worklist.filter((entry) => entry.code === "GATE_ALARM").map((entry) => entry.number));
  take(message);
  board = together(message.now);
  heard = message.now;
  skew = message.now - Date.now();
  lostAt = 0;
  if (!message.reset && view.sound && board.worklist.some((entry) => entry.code === "GATE_ALARM" && !before.has(entry.number))) ring();
  tellRecovered(message.reset);
  draw();
}

function tellRecovered(first) {
  for (const device of board.devices) {
    const { state } = judge(device, board), was = states.get(device.device);
    states.set(device.device, state);
    if (!first && was && was !== "well" && was !== "never" && state === "well") say(t("app.fine_again", { machine: machineName(device.device, board) }));
  }
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
  draw();
  askWho(me, speak);
} else {
  me ??= { account: "", name: "", role: "staff", rights: [], deeds: [], sites: [] };
  view.me = me;
  turn(view.page);
  draw();
  const duty = document.querySelector("[data-act=duty]");
  if (duty) duty.value = localStorage.getItem("duty") || "";
  follow(hear, lose, () => location.reload());
  setInterval(draw, 20e3);
  setInterval(() => { if (view.sheet?.kind === "device") sheet.again(); }, 2e3);
}
