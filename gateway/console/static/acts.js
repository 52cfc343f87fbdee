// What staff ask of the gateway, and what it says to that.

import { el, icon } from "./dom.js";
import { number, t } from "./words.js";

/** Say something that goes away by itself; `undo` offers to take it back. */
export function say(text, undo) {
  const toast = el("div.toast", {}, icon("circle-check"), el("span", {}, text),
    undo ? el("button.act", { type: "button" }, t("app.undo")) : null);
  toast.querySelector("button")?.addEventListener("click", () => { toast.remove(); undo(); });
  const toasts = document.getElementById("toasts");
  toasts.append(toast);
  while (toasts.children.length > 4) toasts.firstChild.remove();
  setTimeout(() => toast.remove(), 9000);
}

/** Get JSON, or post some; what is refused is said, and nothing comes back. */
export async function ask(url, body) {
  let answer;
  try {
    answer = await fetch(url, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    say(t("app.no_answer"));
    return null;
  }
  if (answer.status === 401) { location.reload(); return null; }
  const found = await answer.json().catch(() => ({}));
  if (answer.ok) return found;
  say(t("app.refused", { why: found.error ?? answer.status }));
  return null;
}

/** Decide about an entry; true when it was done. */
export async function decide(number_, what, body) {
  return Boolean(await ask(`/api/worklist/${number_}/${what}`, { who: localStorage.getItem("duty") || "", ...body }));
}

/** Settle an entry; it can be taken back. */
export async function resolve(number_, action, note = "") {
  if (!(await decide(number_, "resolve", { action, note }))) return false;
  say(`${t(`act.${action}`)}. ${t("app.offline_ok")}`, () => decide(number_, "reopen", { action: "reopened" }));
  return true;
}

/** Accept several entries that only inform; they can be taken back together. */
export async function bulk(numbers) {
  if (!(await ask("/api/worklist", { numbers, action: "accept" }))) return;
  say(t("work.bulk_done", { n: number(numbers.length) }), () => ask("/api/worklist/reopen", { numbers }));
}

/** Say who looks at an entry, and by when; it can be taken back. */
export async function planned(form) {
  const hours = form.elements.hours.value;
  const due = hours ? Date.now() + Number(hours) * 3600e3 : null;
  const url = `/api/worklist/${form.dataset.number}`;
  if (!(await ask(`${url}/plan`, { assignee: form.elements.assignee.value, due }))) return false;
  say(t("plan.done"), () => ask(`${url}/unplan`, {}));
  return true;
}
