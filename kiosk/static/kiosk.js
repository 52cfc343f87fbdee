// The page of the kiosk: shows what the engine says, and tells it what a finger pressed.

import { begin, due, turn } from "/static/board.js";
import { h, icon, patch } from "/static/dom.js";
import { afterPaint, hold, letGo, tapped } from "/static/touch.js";
import { listen } from "/static/keys.js";
import { play } from "/static/sounds.js";
import { hush, speak } from "/static/voice.js";
import { VIEWS, bottom, over, top } from "/static/views.js";
import { learn, load, speaker, unlearn } from "/static/words.js";

const parts = Object.fromEntries(["top", "task", "bottom", "over", "said"].map((id) => [id, document.getElementById(id)]));
let socket = null;
let shown = "";
let heard = null;
let told = new Map();
let aloud = false;
let listed = 0;
let keyed = 0;
let warned = "";
let typed = { dots: 0, waits: false };
const HOLD_MS = 2500;
const LISTS = new Set(["account", "renew"]);
const RESTS = new Set(["idle", "class"]);
const QUIET = new Set(["reading", "ready", "working", "", "late"]);
let newest = null;
let fresh = false;
let scrolled = false;
let last = { screen: "trouble", lang: "vi", online: false, data: {} };

function fill(part, nodes) {
  const fresh = document.createElement("div");
  fresh.append(...nodes.flat().filter(Boolean));
  patch(part, fresh);
}

/** Show a screen: at once, or right after the paint that answers a finger. Only the newest counts. */
function arrive(message) {
  const coming = newest !== null;
  newest = message;
  if (coming) return;
  const go = () => { if (newest !== null) { const one = newest; newest = null; show(one); } };
  if (tapped()) afterPaint(go); else go();
}

function show(message) {
  letGo();
  const translated = message.lang !== last.lang;
  if (RESTS.has(message.screen) && message.screen !== last.screen) unlearn();
  last = message;
  const t = speaker(message.lang);
  document.documentElement.lang = message.lang;
  document.body.className = [`on-${message.screen}`, message.online ? "online" : "offline", ...message.look ?? []].join(" ");
  document.documentElement.dataset.theme = message.look?.includes("contrast") ? "contrast" : "";
  document.body.dataset.state = message.data.state ?? "";
  fill(parts.top, top(t, message));
  fill(parts.task, VIEWS[message.screen](t, { ...message.data, kids: message.look?.includes("kids") }));
  fill(parts.bottom, bottom(t, message));
  const wasOver = parts.over.querySelector(".veil") !== null;
  fill(parts.over, over(t, message));
  parts.top.inert = parts.task.inert = parts.bottom.inert = Boolean(message.warn || message.data.rest);
  if (message.warn && !wasOver) parts.over.querySelector("[data-focus]")?.focus();
  offline(t, message);
  const place = `${message.screen}/${message.data.state ?? ""}/${message.data.typing ?? ""}`;
  const moved = place !== shown;
  if (moved) {
    shown = place;
    if (message.screen === "idle") begin();
    if (scrolled) parts.task.scrollTop = 0;
    scrolled = false;
    fresh = !fresh;  // the same motion under two names: it begins anew without asking for a layout
    parts.task.className = fresh ? "fresh" : "fresh again";
    parts.said.replaceChildren();
    say(parts.task.querySelector("h1")?.textContent);
    say(parts.task.querySelector(".due, .sentence")?.textContent);
    if (document.activeElement === document.body) parts.task.focus({ preventScroll: true });
  }
  const wanted = Boolean(message.look?.includes("voice"));
  if (aloud && !wanted) hush();
  hear(message);
  const more = grown(message);
  if (wanted && (moved || translated || !aloud || more)) readScreen();
  aloud = wanted;
  tell(message.lang, message.data.items ?? []);
  warnAloud(message);
  if (aloud && !moved) countAloud(t, message.data);
  typed = { dots: message.data.dots ?? 0, waits: message.data.wait > 0 };
  afterPaint(reachable);
  const sound = message.data.sound;
  if (sound && heard !== null && sound.n !== heard) play(sound.name);
  heard = sound?.n ?? 0;
}

/** Say a sentence to those who do not see the screen. */
function say(text) {
  if (text) parts.said.append(h("p", {}, text));
}

/** Learn which recordings say what the engine put into words. */
function hear({ lang, data }) {
  const { notice, items = [], holds = [] } = data;
  for (const one of [...items, ...holds]) learn(lang, one.text, one.say, one.n);
  if (notice) learn(lang, notice.text, notice.key, notice.n);
}

/** Say whether the account has come since the screen was read. */
function grown({ screen, data }) {
  const before = listed;
  listed = LISTS.has(screen) && !data.checking ? (data.items?.length ?? 0) + (data.holds?.length ?? 0) : 0;
  return listed > before;
}

/** Read the screen aloud, from its title on. */
function readScreen() {
  const dialog = parts.over.querySelector(".more");
  const place = dialog ?? parts.task;
  const rows = LISTS.has(last.screen) ? ", .book .state" : "";
  const texts = [...place.querySelectorAll(`h1, h2, .sentence, .lines, .notice, .due, .bad, #task .left${rows}`)];
  speak(texts.flatMap((one) => (one.querySelector("span") ? [...one.querySelectorAll("span")] : [one]))
    .map((one) => one.textContent));
}

/** Read a warning aloud once, as it appears. */
function warnAloud(message) {
  const { notice } = message.data;
  const warning = message.warn ? "warn" : notice?.text ?? "";
  if (aloud && warning && warning !== warned) speak(message.warn ? [parts.over.querySelector("h2").textContent] : [notice.text], { wait: true });
  warned = warning;
}

/** Say how many digits are typed (never which), and when the keypad rests after a wrong one, and works again. */
function countAloud(t, { dots = 0, wait = 0, typing }) {
  if (dots && dots !== typed.dots) speak([t("pin.typed", { n: dots })]);
  else if (wait > 0 && !typed.waits) speak([t("pin.wait", { n: wait })], { wait: true });
  else if (wait === 0 && typed.waits) speak([t(typing ? "pin.card_hint" : "pin.hint")], { wait: true });
}

/** Say what became of each book, once. */
function tell(lang, items) {
  const now = new Map(items.map((item) => [item.key, item.state]));
  for (const item of items) {
    if (told.get(item.key) === item.state || QUIET.has(item.state)) continue;
    say(`${item.title}: ${item.text}`);
    if (aloud) speak([item.text], { wait: true });
  }
  told = now;
}

/** A task that is longer than its place is scrolled with the keyboard too. */
function reachable() {
  for (const place of [parts.task, ...parts.task.querySelectorAll(".shelf, .words, .paper, .status")]) {
    const long = place.scrollHeight > place.clientHeight + 1 && getComputedStyle(place).overflowY === "auto";
    if (long) place.tabIndex = 0;
    else if (place === parts.task) place.tabIndex = -1;
    else place.removeAttribute("tabindex");
  }
}

function offline(t, message) {
  const showing = !message.online && message.screen !== "trouble";
  document.getElementById("offline")?.remove();
  if (!showing) return;
  parts.top.after(h("div", { id: "offline", role: "status" }, icon("cloud-off"), h("span", {}, t("off.banner"))));
}

function waiting() {
  const t = speaker(last.lang);
  fill(parts.over, [h("div.veil", {}, h("div.more", {}, icon("loader-circle", "giant turning"),
    h("h1", {}, t("page.waiting")), h("p.sentence", {}, t("page.waiting_safe"))))]);
}

function connect(after = 250) {
  socket = new WebSocket(`ws://${location.host}/ws`);
  socket.onmessage = (event) => { after = 250; arrive(JSON.parse(event.data)); };
  socket.onclose = () => {
    waiting();
    setTimeout(() => again(Math.min(after * 1.6, 4000)), after);
  };
}

/** Come back, maybe to a kiosk that started anew: with the page it gives a new pass (a cookie). */
async function again(after) {
  await fetch("/", { cache: "no-store" }).catch(() => null);
  connect(after);
}

function press(name, arg = "") {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ press: name, arg }));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-turn]")) { turn(true); arrive(last); return; }
  const target = event.target.closest("[data-press]");
  if (target && !target.disabled) press(target.dataset.press, target.dataset.arg ?? "");
});
parts.task.addEventListener("scroll", () => { scrolled = true; }, { passive: true });
document.addEventListener("keydown", (event) => { keyed = event.timeStamp; document.documentElement.dataset.keys = ""; }, true);
addEventListener("pointerdown", () => { delete document.documentElement.dataset.keys; }, true);
document.addEventListener("focusin", (event) => {
  const button = event.target.closest("button");
  if (aloud && button) speak([button.ariaLabel || button.textContent], { wait: event.timeStamp - keyed > 1000 });
});
listen(press, readScreen);
addEventListener("keydown", () => { if (last.data.rest) press("more_time"); }, true);
setInterval(() => { if (last.screen === "idle" && !last.data.rest && due()) { turn(false); show(last); } }, 1000);
let held = 0;
addEventListener("pointerdown", (event) => {  // the hidden corner: hold the library's name
  clearTimeout(held);
  hold(event.target.closest("button"));
  if (event.target.closest("#top .brand")) held = setTimeout(() => press("staff"), HOLD_MS);
});
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => clearTimeout(held));
document.addEventListener("contextmenu", (event) => event.preventDefault());
addEventListener("resize", reachable);
document.addEventListener("dragstart", (event) => event.preventDefault());

await load();
connect();
