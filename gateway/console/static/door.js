// Who is here: the sign-in form, and the name in the corner.

import { bring, el, icon } from "./dom.js";
import { currentLanguage, number, t } from "./words.js";

/** Ask the gateway who we are. */
export async function whoami() {
  const answer = await fetch("/api/me").catch(() => null);
  return answer?.ok ? answer.json() : null;
}

/** Show the form until somebody is signed in; the page is loaded anew then. */
export function askWho(me, speak) {
  const why = new URLSearchParams(location.search).get("sign-in") ?? "";
  const form = { code: false, why: why ? t(`door.${why}`) : "" };
  const main = document.querySelector("main");
  main.className = "door";
  document.querySelector(".skip").hidden = true;
  const draw = () => {
    const fresh = el("div");
    fresh.append(el("section.panel.sign", { "aria-labelledby": "sign-title" }, ...panel(me, form)));
    bring(main, fresh);
  };
  main.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = event.target.elements;
    const body = { account: fields.account.value, password: fields.password.value, code: fields.code?.value ?? "" };
    form.why = await send(body, form);
    if (form.why === null) { location.replace(location.pathname); return; }
    draw();
    document.querySelector(form.code ? "[name=code]" : "[name=password]")?.focus();
  });
  main.addEventListener("click", (event) => {
    if (!event.target.closest("[data-act=language]")) return;
    speak(currentLanguage() === "vi" ? "en" : "vi");
    draw();
  });
  draw();
  document.querySelector("[name=account]")?.focus();
}

async function send(body, form) {
  const answer = await fetch("/api/sign-in", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }).catch(() => null);
  if (answer?.ok) return null;
  const said = await answer?.json().catch(() => ({}));
  if (said?.error === "code") { form.code = true; return t("door.code_wanted"); }
  if (said?.error === "wait") return t("door.wait", { n: number(said.seconds) });
  return t(said?.error === "wrong" ? "door.wrong" : "app.no_answer");
}

function panel(me, form) {
  const field = (name, type, label, more = {}) => el("label", {}, el("span", {}, label), el("input", { name, type, required: true, autocomplete: "off", ...more }));
  return [
    el("div.head", {}, el("h2", { id: "sign-title" }, icon("lock"), t("door.title")),
      el("button.tool.wide", { type: "button", "data-act": "language", lang: currentLanguage() === "vi" ? "en" : "vi" }, icon("languages"), t("app.language"))),
    me.empty ? el("p.empty", {}, t("door.empty")) : el("form", {},
      el("p.why", { role: "alert" }, form.why),
      field("account", "text", t("door.account"), { autocomplete: "username", autocapitalize: "none", spellcheck: "false" }),
      field("password", "password", t("door.password"), { autocomplete: "current-password" }),
      form.code ? field("code", "text", t("door.code"), { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 8 }) : null,
      el("button.act.first", { type: "submit" }, t("door.enter"))),
    me.provider ? el("a.act.provider", { href: "/sign-in/provider" }, t("door.through")) : null,
  ];
}

/** Return the name in the corner: who signs decisions. */
export function nameplate(me) {
  if (me.open) {
    return el("label.duty", {}, el("span", {}, t("app.on_duty")),
      el("input", { "data-act": "duty", placeholder: t("app.on_duty_hint"), maxlength: 60, autocomplete: "off" }));
  }
  return el("span.duty.plate", { "data-key": "plate", title: t(`role.${me.role}`) }, icon("user"), el("b", {}, me.name || me.account),
    el("span.hidden", {}, t(`role.${me.role}`)),
    el("button.tool", { type: "button", "data-act": "leave", title: t("door.leave"), "aria-label": t("door.leave") }, icon("log-out")));
}

/** Sign out and begin anew. */
export async function leave() {
  await fetch("/api/sign-out", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).catch(() => null);
  location.replace("/");
}
