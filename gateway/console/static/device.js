// One machine: how it is, what it can be asked to do, what became of that.

import { el, icon } from "./dom.js";
import { judge, LOOKS } from "./machines.js";
import { ago, clock, exact, has, length, machineName, number, siteName, t } from "./words.js";

const ICONS = {
  reboot: "power", restart: "rotate-cw", reread: "settings", out_of_service: "circle-minus", in_service: "circle-check",
  mute: "volume-x", open_bin: "lock-open", logs: "list-checks", screen: "eye", test: "activity", resolve: "check", reprint: "receipt-text", health: "gauge", replica: "refresh-cw",
};
const NEEDS = { mute: "gate", open_bin: "drop", screen: "kiosk", test: "kiosk", resolve: "kiosk", reprint: "kiosk" };
const GRAVE = new Set(["reboot", "restart", "reread", "out_of_service", "mute", "open_bin"]);
const STATES = { waiting: "hourglass", sent: "radio", received: "loader-circle", done: "circle-check", failed: "circle-x", refused: "circle-minus", expired: "clock" };

/** Return the content of the sheet. `view` holds the open question and the reply that is shown. */
export function deviceSheet(found, board, me, view) {
  const live = board.devices.find((one) => one.device === found.device) ?? { ...found, down: {}, numbers: {}, trend: [] };
  const { state, reason, todo } = judge(live, board);
  const [picture, word] = LOOKS[state];
  return [
    el("div.head", {}, el("h2", { id: "sheet-title" }, icon("cpu"), machineName(found.device, board)),
      el("button.tool", { type: "button", "data-act": "close", "aria-label": t("app.close"), title: t("app.close") }, icon("x"))),
    el("div.scroll", { tabindex: 0 },
      el(`div.device.card.${state}`, {},
        el("div.name", {}, el("b", {}, siteName(found.site, board)), el("span.meta", {}, found.device)),
        el("span.state", {}, icon(picture), t(word)),
        reason ? el("div.trouble", {}, el("p.reason", {}, reason), todo ? el("p.todo", {}, icon("arrow-right"), todo) : null) : null),
      figures(found, board), parts(found),
      found.commands && me.deeds.length ? [el("h3", {}, icon("zap"), t("cmd.title")), asks(live, me, view), asked(found.commands, board, view)] : null,
      me.rights.includes("readers") ? visits(view, board) : null),
  ];
}

function figures(found, board) {
  const health = found.health ?? {};
  const rows = [
    [t("dev.heard"), found.seen ? `${ago(found.seen, board.now)} (${clock(found.seen)})` : t("dev.never")],
    [t("device.backlog"), found.waiting ? t("dev.waiting", { n: number(found.waiting), age: length(Math.max(0, board.now - found.oldest)) }) : t("dev.synced")],
    [t("device.clock"), t(`clock.${health.clock ?? "synced"}`)],
    [t("device.copy"), health.replica ? t("device.copy_age", { age: length((health.replica_age_s ?? 0) * 1000) }) : t("app.unknown")],
    [t("device.version"), health.version ?? t("app.unknown")],
    ...Object.entries(health.numbers ?? {}).filter(([name]) => has(`num.${name}`)).map(([name, n]) => [t(`num.${name}`), number(n)]),
  ];
  return el("dl.figures", {}, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function parts(found) {
  const all = Object.entries(found.health?.parts ?? {});
  if (!all.length) return null;
  return el("ul.parts", { "aria-label": t("device.parts") }, all.map(([name, part]) =>
    el(part.up ? "li.up" : "li.down", {}, icon(part.up ? "check" : "circle-alert"), name, part.why ? el("span.meta", {}, has(`trouble.${part.why}`) ? t(`trouble.${part.why}`) : part.why) : null,
      el("span.hidden", {}, part.up ? "" : ` – ${t("dev.needs")}`))));
}

function asks(live, me, view) {
  const stations = new Set(Object.keys(live.numbers ?? {}).map((name) => name.split("_")[0]));
  const offered = me.deeds.filter((deed) => !NEEDS[deed] || stations.has(NEEDS[deed]) || !stations.size).sort((a, b) => Object.keys(ICONS).indexOf(a) - Object.keys(ICONS).indexOf(b));
  if (view.ask) return question(live, view.ask);
  return el("div.deeds", { "data-key": "deeds" }, offered.map((deed) =>
    el("button.act", { type: "button", "data-act": GRAVE.has(deed) ? "deed-ask" : "deed", "data-value": deed, "data-device": live.device }, icon(ICONS[deed]), t(`cmd.${deed}`))));
}

function question(live, deed) {
  const mute = deed === "mute";
  return el("form.ask.wide", { "data-act": "deed-form", "data-value": deed, "data-device": live.device, "data-key": `ask-${deed}` },
    el("p", {}, t(`cmd.sure.${deed}`)),
    mute ? el("label", {}, t("cmd.minutes"), el("input", { name: "minutes", type: "number", min: 0, max: 720, value: 15, required: true })) : null,
    mute ? el("label", {}, t("cmd.why"), el("input", { name: "why", maxlength: 80, required: true, autocomplete: "off" })) : null,
    el("div.acts", {}, el("button.act.first", { type: "submit" }, t(`cmd.${deed}`)), el("button.act", { type: "button", "data-act": "deed-cancel" }, t("app.cancel"))));
}

function asked(commands, board, view) {
  if (!commands.length) return el("p.quiet", {}, t("cmd.none"));
  return el("ol.asked", {}, commands.map((one) => el(`li.${one.state}`, { "data-key": one.id },
    icon(STATES[one.state] ?? "circle"),
    el("div.what", {}, el("p", {}, el("b", {}, t(`cmd.${one.do}`)), " · ", t(`cmd.state.${one.state}`), one.why ? ` – ${one.why}` : ""),
      el("p.meta", {}, `${one.who} · ${t("cmd.asked")} `, el("time", { title: exact(one.made), tabindex: 0 }, ago(one.made, board.now)))),
    one.replied ? el("button.act", { type: "button", "data-act": "reply", "data-value": one.id }, icon("eye"), t("cmd.show")) : null,
    view.reply?.id === one.id ? reply(view.reply.reply) : null)));
}

function reply(said) {
  if (said?.lines?.length) return el("pre.lines", { tabindex: 0 }, said.lines.join("\n"));
  const seen = said?.screen;
  if (!seen?.screen) return el("p.quiet", {}, t("cmd.gone"));
  const key = `screen.${seen.screen}`;
  return el("figure.masked", { lang: document.documentElement.lang },
    el("div.glass", {}, el("p.meta", {}, seen.data?.library ?? "", " · ", seen.data?.time ?? "", " · ", seen.lang),
      el("p.big", {}, has(key) ? t(key) : seen.screen),
      seen.items?.length ? el("ul.spines", {}, seen.items.map(() => el("li", {}, icon("book")))) : null,
      el("p", {}, icon(seen.online ? "wifi" : "wifi-off"), t(seen.online ? "screen.online" : "screen.offline"))),
    el("figcaption.meta", {}, t("screen.masked")));
}

function visits(view, board) {
  if (!view.visits) return el("button.act", { type: "button", "data-act": "visits", "data-key": "visits" }, icon("play"), t("visit.show"));
  if (view.visit) return replay(view.visit, view.at ?? view.visit.length);
  if (!view.visits.length) return el("p.quiet", {}, t("visit.none"));
  return [el("h3", {}, icon("history"), t("visit.title")), el("ul.visits", {}, view.visits.map((one) => el("li", { "data-key": one.session },
    el("button.link", { type: "button", "data-act": "visit", "data-value": one.session }, exact(one.since)),
    el("span.meta", {}, t("visit.sum", { loans: number(one.loans), returns: number(one.returns), length: length(Math.max(1000, one.until - one.since)) })))))];
}

function replay(visit, at) {
  return [el("h3", {}, icon("history"), t("visit.of", { time: exact(visit.since) })),
    el("div.player", { "data-key": "player" },
      el("button.tool", { type: "button", "data-act": "play", "aria-label": t("visit.play"), title: t("visit.play") }, icon("play")),
      el("input", { type: "range", "data-act": "seek", min: 0, max: Math.max(1000, visit.length), step: 100, value: at, "aria-label": t("visit.second"), "aria-valuetext": `${(at / 1000).toFixed(1)} s` }),
      el("output", {}, `${(at / 1000).toFixed(1)} s`),
      el("button.act", { type: "button", "data-act": "visit-back" }, icon("arrow-left"), t("visit.back"))),
    el("ol.steps", {}, visit.steps.map((step, n) => el(step.ms <= at ? "li" : "li.later", { "data-key": `step${n}` },
      el("span.n", {}, `${(step.ms / 1000).toFixed(1)} s`),
      el("div.what", {}, el("p", {}, el("b", {}, has(`kind.${step.kind}`) ? t(`kind.${step.kind}`) : step.kind), step.title || step.item ? ` · ${step.title || step.item}` : ""),
        el("p.meta", {}, details(step.fact))))))];
}

/** Return the evidence of a fact in words. */
export function details(fact) {
  const seen = fact.evidence ?? {};
  return [fact.reason, fact.part, fact.online === false ? t("screen.offline") : "", seen.by && t(`by.${seen.by}`),
    seen.reads ? t("visit.reads", { n: seen.reads }) : "", seen.afi_before !== undefined ? `AFI ${hex(seen.afi_before)} → ${hex(seen.afi_after)}` : "", fact.afi !== undefined ? `AFI ${hex(fact.afi)}` : ""]
    .filter(Boolean).join(" · ");
}

function hex(byte) { return byte === undefined || byte === null ? "?" : byte.toString(16).toUpperCase().padStart(2, "0"); }
