// The page of receipts: a code comes from the camera, a photo or the clipboard; the answer is reckoned here.

import { drawn, open, texts } from "./eye.js";
import { check } from "./proof.js";

const place = (id) => document.getElementById(id);
const ZONE = "Asia/Ho_Chi_Minh";
const LONGEST_SIDE = 1800;
const PAUSE_MS = 150;
const receipt = (codes) => codes.find((text) => /^sw1:/i.test(text));
let words = {}, language = "vi", trust = null, kept = 0, last = null, stream = null;

const t = (key, values = {}) => (words[language]?.[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const day = (ms) => new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "2-digit", month: "2-digit", year: "numeric" }).format(ms);
const minute = (ms) => `${day(ms)} ${new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" }).format(ms)}`;

function node(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/look/icons.svg#${name}`);
  made.append(use);
  return made;
}

function said(entry) {
  const key = entry.deed === "lent" && !entry.sure ? "lent_expected" : entry.deed;
  return t(key, { due: entry.due ? day(entry.due) : "" });
}

function answer(proof) {
  if (proof.why) {
    return node("div", "answer bad", node("h2", "", icon("circle-alert"), t("false")), node("p", "", t(`why_${proof.why}`)));
  }
  const where = trust.devices[proof.device] || proof.device;
  return node("div", "answer good", node("h2", "", icon("circle-check"), t("genuine")),
    node("p", "", t("made", { when: minute(proof.at), where })), node("p", "", t("number", { number: proof.number })),
    node("ul", "", ...proof.entries.map((one) => node("li", "", node("strong", "", proof.titles?.[one.item] ?? one.item), proof.titles?.[one.item] ? `${one.item} · ` : "", said(one)))));
}

function show() {
  document.documentElement.lang = language;
  for (const id of ["title", "intro", "aim", "check"]) place(id).textContent = t(id);
  place("photo-label").textContent = t("photo");
  place("typed-label").textContent = t("typed");
  place("scan").textContent = t(stream ? "stop" : "scan");
  place("language").textContent = t("language");
  place("language").lang = language === "vi" ? "en" : "vi";
  document.title = `${t("title")} – Shelfwire`;
  place("state").textContent = !trust ? t("no_keys") : navigator.onLine ? t("online") : t("offline", { when: minute(kept) });
  place("result").replaceChildren(...last ? [typeof last === "string" ? node("div", "answer bad", node("p", "", t(last))) : answer(last)] : []);
}

async function say(result) {
  last = result;
  show();
  place("result").focus();
}

/** Check a text; with a network and a sign-in the titles are added. */
async function examine(text) {
  stopCamera();
  if (!trust) return say("no_keys");
  const proof = await check(text, trust);
  await say(proof);
  if (proof.why || !navigator.onLine) return null;
  const query = new URLSearchParams(proof.entries.slice(0, 60).map((one) => ["item", one.item]));
  const titles = await fetch(`/api/receipts/titles?${query}`).then((r) => (r.ok ? r.json() : {})).catch(() => ({}));
  if (last === proof) { last = { ...proof, titles }; show(); }
  return null;
}

function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  place("view").hidden = true;
}

async function camera() {
  if (stream) { stopCamera(); show(); return; }
  try {
    const eye = await open();
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    last = null;
    show();
    place("view").hidden = false;
    place("video").srcObject = stream;
    await place("video").play();
    while (stream) {
      const code = receipt(await texts(eye, place("video")));
      if (code && stream) return await examine(code);
      await new Promise((done) => { setTimeout(done, PAUSE_MS); });
    }
  } catch {
    stopCamera();
    say("camera_away");
  }
}

async function photo(file) {
  last = "looking";
  show();
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return say("no_code");
  const code = receipt(await open().then((eye) => texts(eye, picture)).catch(() => []));
  return code ? examine(code) : askCentre(picture);
}

/** The centre reads some photos that a phone does not; it wants a network and a sign-in. */
async function askCentre(picture) {
  const body = await new Promise((done) => { drawn(picture, LONGEST_SIDE).canvas.toBlob(done, "image/jpeg", 0.85); });
  const reply = await fetch("/api/receipts/picture", { method: "POST", body, headers: { "Content-Type": "image/jpeg" } }).catch(() => null);
  if (!reply?.ok) return say(reply?.status === 409 ? "no_code" : "photo_away");
  return examine((await reply.json()).text);
}

async function keys() {
  const reply = await fetch("keys.json").catch(() => null);
  if (!reply?.ok) return;
  trust = await reply.json();
  kept = Date.parse(reply.headers.get("date") ?? "") || Date.now();
  show();
}

place("language").addEventListener("click", () => { language = language === "vi" ? "en" : "vi"; show(); });
place("scan").addEventListener("click", camera);
place("photo").addEventListener("change", (event) => { if (event.target.files[0]) photo(event.target.files[0]); event.target.value = ""; });
place("ask").addEventListener("submit", (event) => { event.preventDefault(); examine(place("typed").value); });
place("scan").hidden = !navigator.mediaDevices;
for (const change of ["online", "offline"]) addEventListener(change, () => { keys(); show(); });

words = await (await fetch("words.json")).json();
const wished = new URLSearchParams(location.search).get("lang");
if (words[wished]) language = wished;
else if (!navigator.languages.some((one) => one.startsWith("vi")) && navigator.language.startsWith("en")) language = "en";
show();
await keys();
if ("serviceWorker" in navigator) await navigator.serviceWorker.register("sw.js");
