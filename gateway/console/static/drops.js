// Drops and boxes: tick off what was taken out of a bin, pack a box, take one in.

import { bring, el, icon } from "./dom.js";
import { askWho, leave, nameplate, whoami } from "./door.js";
import { currentLanguage, moment, number, setLanguage, setTexts, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);
const view = { bins: [], boxes: [], branches: [], open: "", explain: "", box: null, me: null };

async function get(path) {
  const answer = await fetch(path).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

async function post(path, body) {
  const who = localStorage.getItem("duty") || "";
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ who, ...body }),
  }).catch(() => null);
  if (answer?.ok) return answer.json();
  const why = (await answer?.json().catch(() => ({})))?.error;
  say(why ? t("app.refused", { why }) : t("app.no_answer"));
  return null;
}

async function load() {
  const [bins, boxes] = [await get("/api/bins"), await get("/api/boxes")];
  if (bins) view.bins = bins;
  if (boxes) { view.boxes = boxes.boxes; view.branches = boxes.branches; }
  if (view.box) view.box = await get(`/api/boxes/${encodeURIComponent(view.box.box)}`);
  draw();
}

function show(id, content) {
  const fresh = el("div");
  fresh.append(...content.flat().filter(Boolean));
  bring($(id), fresh);
}

function draw() {
  document.title = t("drops.title");
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  show("top", top());
  show("bins", binsPanel());
  show("boxes", boxesPanel());
}

function top() {
  return [
    el("div.brand", { "data-key": "brand" }, el("img", { src: "/static/icon.svg", alt: "", width: 32, height: 32 }),
      el("h1", {}, "Shelfwire"), el("span", {}, t("drops.title"))),
    el("div.right", { "data-key": "right" }, nameplate(view.me),
      el("a.tool", { href: `/?lang=${currentLanguage()}` }, icon("arrow-left"), t("drops.back")),
      el("button.tool.wide", { type: "button", "data-act": "language", lang: currentLanguage() === "vi" ? "en" : "vi" }, icon("languages"), t("app.language"))),
  ];
}

const settles = () => view.me.rights.length === 0 || view.me.rights.includes("settle");

function binsPanel() {
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "bins-title" }, icon("inbox"), t("drops.bins"))),
    el("div.scroll", { "data-key": "list" },
      view.bins.length ? el("ul", {}, view.bins.map(emptied)) : el("p.quiet", {}, t("drops.no_bins"))),
  ];
}

function emptied(one) {
  const left = one.items.filter((item) => !item.state).length;
  const open = view.open === one.emptied;
  return el("li.thing", { "data-key": one.emptied },
    el("button", { type: "button", "data-act": "open", "data-value": one.emptied, "aria-expanded": String(open) },
      el("b", {}, t("drops.bin", { bin: one.bin, device: one.device })),
      el(one.closed ? "span.left.done" : "span.left", {}, one.closed ? t("drops.closed") : t("drops.left", { n: number(left) })),
      el("span.meta", {}, moment(one.at, Date.now()), " · ", t("drops.counted", { n: number(one.counted), m: number(one.items.length) }))),
    open ? inside(one) : null);
}

function inside(one) {
  const may = settles() && !one.closed;
  return el("div.inside", {},
    may ? el("form.line", { "data-act": "tick", "data-value": one.emptied },
      el("label", {}, t("drops.scan"), el("input", { name: "code", autocomplete: "off", required: true, maxlength: 80 })),
      el("button.act.first", { type: "submit" }, t("drops.seen"))) : null,
    el("ul", {}, one.items.map((item) => thing(one, item, may)), one.extra.map(extra)),
    may ? el("div.line", {},
      el("button.act", { type: "button", "data-act": "all", "data-value": one.emptied }, icon("check"), t("drops.all_seen")),
      el("button.act.first", { type: "button", "data-act": "finish", "data-value": one.emptied }, t("drops.finish"))) : null);
}

const MARKS = { seen: "circle-check", explained: "message-circle", missing: "circle-help", "": "circle-help" };

function thing(one, item, may) {
  const state = item.state || (one.closed ? "missing" : "");
  return el(`li.${state || "open"}`, {}, icon(MARKS[state]),
    el("div", {}, el("p", {}, item.title || item.item || t("drops.no_tag")),
      el("p.meta", {}, [item.title ? item.item : "", t(`drops.state.${state || "open"}`), item.note || (item.hint && t(`aside.${item.hint}`))].filter(Boolean).join(" · "))),
    view.explain && view.explain === item.item && may ? el("form.line", { "data-act": "explained", "data-value": one.emptied, "data-item": item.item },
      el("label", {}, t("drops.explain_ask"), el("input", { name: "note", required: true, maxlength: 500, autocomplete: "off" })),
      el("button.act.first", { type: "submit" }, t("drops.explain")))
    : may && item.item && !item.state ? el("button.act", { type: "button", "data-act": "explain", "data-value": one.emptied, "data-item": item.item }, t("drops.explain")) : null);
}

function extra(item) {
  return el("li.missing", {}, icon("circle-help"), el("div", {}, el("p", {}, item), el("p.meta", {}, t("drops.extra"))), null);
}

function boxesPanel() {
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "boxes-title" }, icon("package"), t("drops.boxes"))),
    el("div.scroll", { "data-key": "list" },
      settles() ? packing() : null,
      view.boxes.length ? el("ul", {}, view.boxes.map(box)) : el("p.quiet", {}, t("drops.no_boxes"))),
  ];
}

function packing() {
  const branch = (name, label) => el("label", {}, label, el("select", { name, required: true },
    view.branches.map((one) => el("option", { value: one.branch }, one.name))));
  return el("details.pack", { "data-key": "pack" }, el("summary", {}, t("drops.pack")),
    el("form.pack", { "data-act": "pack" },
      el("label", {}, t("drops.box_number"), el("input", { name: "box", required: true, maxlength: 40, autocomplete: "off" })),
      branch("origin", t("drops.from")), branch("goal", t("drops.to")),
      el("label", {}, t("drops.items"), el("textarea", { name: "items", rows: 4, required: true })),
      el("button.act.first", { type: "submit" }, t("drops.pack_it"))));
}

const branchName = (code) => view.branches.find((one) => one.branch === code)?.name || code;

function box(one) {
  const open = view.box?.box === one.box;
  return el("li.thing", { "data-key": one.box },
    el("button", { type: "button", "data-act": "box", "data-value": one.box, "aria-expanded": String(open) },
      el("b", {}, t("drops.box", { box: one.box })),
      el(one.received ? "span.left.done" : "span.left", {}, one.received ? t("drops.received") : t("drops.on_way")),
      el("span.meta", {}, t("drops.way", { from: branchName(one.origin), to: branchName(one.goal), n: number(one.items) }))),
    open ? boxInside(view.box) : null);
}

function boxInside(one) {
  const words = { null: "open", 1: "seen", 0: "missing" };
  const state = (item) => (item.lent && item.came !== 1 ? "explained" : words[item.came]);
  return el("div.inside", {},
    settles() && !one.received ? el("form", { "data-act": "receive", "data-value": one.box },
      el("div.line", {}, el("button.act.first", { type: "submit" }, icon("check"), t("drops.receive")))) : null,
    el("ul", {}, one.items.map((item) => el(`li.${state(item)}`, {}, icon(MARKS[state(item)] || MARKS[""]),
      el("div", {}, el("p", {}, item.title || item.item),
        el("p.meta", {}, item.title ? item.item : "", state(item) === "explained" ? ` · ${t("drops.lent_on_way")}` : "")),
      one.received && item.came === 1 && settles()
        ? el("button.act", { type: "button", "data-act": "not_there", "data-value": item.item }, t("drops.not_there")) : null))));
}

function say(text) {
  const toast = el("div.toast", {}, icon("circle-check"), el("span", {}, text));
  $("toasts").append(toast);
  setTimeout(() => toast.remove(), 9000);
}

async function tick(emptied_, body) {
  const found = await post(`/api/bins/${emptied_}/tick`, body);
  if (found) view.bins = view.bins.map((one) => (one.emptied === emptied_ ? found : one));
  draw();
}

const ACTS = {
  open: (node) => { view.open = view.open === node.dataset.value ? "" : node.dataset.value; draw(); document.querySelector("[name=code]")?.focus(); },
  all: (node) => {
    const one = view.bins.find((bin) => bin.emptied === node.dataset.value);
    const items = one.items.filter((item) => item.item && !item.state).map((item) => item.item);
    if (items.length) tick(one.emptied, { items });
  },
  explain: (node) => { view.explain = node.dataset.item; draw(); document.querySelector("[name=note]")?.focus(); },
  finish: async (node) => { await post(`/api/bins/${node.dataset.value}/close`, {}); await load(); },
  box: async (node) => {
    view.box = view.box?.box === node.dataset.value ? null : await get(`/api/boxes/${encodeURIComponent(node.dataset.value)}`);
    draw();
  },
  not_there: async (node) => {
    const seen = view.box.items.filter((item) => item.came === 1 && item.item !== node.dataset.value).map((item) => item.item);
    await post(`/api/boxes/${encodeURIComponent(view.box.box)}/receive`, { seen });
    await load();
  },
  leave,
  language: () => { speak(currentLanguage() === "vi" ? "en" : "vi"); draw(); },
};

const SENT = {
  tick: async (form) => { await tick(form.dataset.value, { items: [form.elements.code.value.trim()] }); form.reset(); },
  explained: async (form) => {
    view.explain = "";
    await tick(form.dataset.value, { items: [form.dataset.item], state: "explained", note: form.elements.note.value.trim() });
  },
  pack: async (form) => {
    const { box: name, origin, goal, items } = form.elements;
    const found = await post("/api/boxes", { box: name.value.trim(), origin: origin.value, goal: goal.value, items: items.value.split(/\s+/).filter(Boolean) });
    if (found) { form.reset(); say(t("drops.packed", { box: found.box })); await load(); }
  },
  receive: async (form) => { await post(`/api/boxes/${encodeURIComponent(form.dataset.value)}/receive`, {}); await load(); },
};

document.addEventListener("click", (event) => {
  const node = event.target.closest("button[data-act]");
  if (node) ACTS[node.dataset.act]?.(node);
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  SENT[form.dataset.act]?.(form);
});
document.addEventListener("input", (event) => {
  if (event.target.dataset.act === "duty") localStorage.setItem("duty", event.target.value);
});

function speak(language) {
  setLanguage(language);
  document.documentElement.lang = currentLanguage();
  localStorage.setItem("language", currentLanguage());
}

setTexts(await (await fetch("/texts.json")).json());
document.documentElement.dataset.theme = address.get("theme") || localStorage.getItem("theme") || "light";
speak(address.get("lang") || localStorage.getItem("language") || "vi");
view.me = await whoami();
if (view.me?.account === null) {
  askWho(view.me, speak);
} else {
  view.me ??= { open: true, account: "", name: "", role: "staff", rights: [], deeds: [], sites: [] };
  await load();
  const duty = document.querySelector("[data-act=duty]");
  if (duty) duty.value = localStorage.getItem("duty") || "";
}
