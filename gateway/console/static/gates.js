// Gates as they ring, bins as they fill, kiosks as they read.

import { el, icon, svg } from "./dom.js";
import { clock, exact, length, machineName, number, siteName, t } from "./words.js";

const OUTCOMES = ["brought_back", "false_alarm", "tag_fault", "gone"];

/** Return the panel of the gates: alarms as they come, each with its outcome in one tap. */
export function gatesPanel(board, view) {
  const open = board.worklist.filter((entry) => entry.code === "GATE_ALARM");
  const gates = board.devices.filter((device) => Object.keys(device.numbers).some((name) => name.startsWith("gate_")));
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "work-title" }, icon("siren"), t("gates.title")),
      el("button.chip", { type: "button", "data-act": "sound", "aria-pressed": String(Boolean(view.sound)) }, icon(view.sound ? "volume-2" : "volume-x"), t("gates.sound"))),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      el("ul.doors", {}, gates.map((gate) => el("li", { "data-key": gate.device },
        el("b", {}, machineName(gate.device, board)), el("span.meta", {}, siteName(gate.site, board)),
        el("span", {}, icon("arrow-down"), t("gates.in", { n: number(gate.numbers.gate_entered) })),
        el("span", {}, icon("arrow-up"), t("gates.out", { n: number(gate.numbers.gate_left) })),
        el("span", {}, icon("users"), t("gates.inside", { n: number(gate.numbers.gate_inside) })),
        el("button.chip", { type: "button", "data-act": "traffic", "data-value": gate.site }, icon("gauge"), t("traffic.open"))))),
      open.length || board.alarms.length ? null : el("div.empty", {}, icon("shield-check", "huge"), el("p.big", {}, t("gate.empty")), el("p", {}, t("gates.empty_hint"))),
      el("ul.ringing", {}, open.map((entry) => ringing(entry, board))),
      board.alarms.length ? el("h3", {}, icon("history"), t("gates.before")) : null,
      el("ul.alarms", {}, board.alarms.map((one) => el("li", { "data-key": `a${one.arrival}` },
        el("span.mark", {}, icon("siren")),
        el("div.what", {}, el("span", {}, one.title || one.item || t("gate.unknown_item", { uid: one.fact.uid })),
          el("p.meta", {}, machineName(one.device, board), one.fact.direction ? ` · ${t(`gate.${one.fact.direction}`)}` : "", one.lent ? ` · ${t("gate.lent")}` : "")),
        el("time", { title: exact(one.at), tabindex: 0 }, clock(one.at)))))),
  ];
}

function ringing(entry, board) {
  const detail = entry.detail, at = detail.last ?? detail.at ?? entry.opened;
  return el("li.ring", { "data-key": `e${entry.number}` },
    el("div.what", {}, el("p.big", {}, entry.title || entry.item || t("gate.unknown_item", { uid: detail.uid })),
      el("p.meta", {}, machineName(entry.device, board), " · ", detail.direction ? `${t(`gate.${detail.direction}`)} · ` : "",
        el("time", { title: exact(at), tabindex: 0 }, clock(at)), detail.count > 1 ? ` · ${t("work.count_times", { n: number(detail.count) })}` : "")),
    el("div.outcomes", {}, OUTCOMES.filter((one) => entry.actions.includes(one)).map((one) =>
      el("button.act.big-act", { type: "button", "data-act": "resolve", "data-value": one, "data-number": entry.number }, t(`act.${one}`)))));
}

/** Return the panel of bins. */
export function binsPanel(board) {
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "machines-title" }, icon("inbox"), t("bins.title"))),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      board.bins.length ? null : el("p.quiet", {}, t("bins.none")),
      el("ul.bins", {}, board.bins.map((bin) => el("li", { "data-key": `${bin.device} ${bin.bin}` },
        el("div.name", {}, el("b", {}, t("bins.name", { bin: bin.bin })), el("span.meta", {}, `${machineName(bin.device, board)} · ${siteName(bin.site, board)}`)),
        el("meter", { min: 0, max: 100, high: 80, optimum: 0, value: bin.percent, "aria-label": t("bins.name", { bin: bin.bin }) }),
        el("p", {}, el("b", {}, `${number(bin.percent)} %`), " ", t("bins.items", { n: number(bin.items) })),
        el("p.meta", {}, forecast(bin, board)))))),
  ];
}

function forecast(bin, board) {
  if (bin.percent >= 100) return t("bins.full");
  if (!bin.full_at) return t("bins.unknown");
  return bin.full_at <= board.now ? t("bins.soon") : t("bins.full_in", { age: length(bin.full_at - board.now), time: clock(bin.full_at) });
}

/** Return the panel of kiosks: read rates, paper, failures by hour. */
export function desksPanel(board) {
  const desks = new Map(board.desks.map((one) => [one.device, one]));
  const kiosks = board.devices.filter((device) => "kiosk_visits" in device.numbers || desks.get(device.device)?.books);
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "now-title" }, icon("gauge"), t("desks.title"))),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      kiosks.length ? null : el("p.quiet", {}, t("desks.none")),
      el("table.grid", {}, el("thead", {}, el("tr", {}, ["machine", "books", "rate", "paper", "failures"].map((name) => el("th", {}, t(`desks.${name}`))))),
        el("tbody", {}, kiosks.map((device) => deskRow(device, desks.get(device.device), board))))),
  ];
}

function deskRow(device, desk, board) {
  const paper = "kiosk_visits" in device.numbers ? paperOf(device, board) : "";
  return el("tr", { "data-key": device.device },
    el("td", {}, el("button.link", { type: "button", "data-act": "device", "data-value": device.device }, machineName(device.device, board)), el("span.meta", {}, ` ${siteName(device.site, board)}`)),
    el("td.n", {}, number(desk?.books)),
    el("td.n", {}, desk?.books ? `${number(Math.round((100 * desk.by_tag) / desk.books))} %` : "–"),
    el("td", {}, !paper ? "–" : el(`span.pill.${paper}`, {}, icon(paper === "good" ? "check" : "circle-alert"), t(`paper.${paper}`))),
    el("td", {}, bars(desk?.failures ?? [])));
}

function paperOf(device, board) {
  const open = board.worklist.find((entry) => entry.code === "TROUBLE" && entry.device === device.device && /paper|printer|cover/.test(entry.detail.reason ?? ""));
  if (open?.detail.reason === "paper_low") return "low";
  return open ? "out" : "good";
}

function bars(hours) {
  const total = hours.reduce((a, b) => a + b, 0), top = Math.max(3, ...hours), words = t("desks.day", { n: number(total) });
  return svg("svg", { class: "spark bad", viewBox: "0 0 96 24", role: "img", "aria-label": words }, svg("title", {}, document.createTextNode(words)),
    (hours.length ? hours : Array(24).fill(0)).map((n, i) => svg("rect", { x: i * 4 + 0.5, y: 24 - (n ? Math.max(3, (n / top) * 22) : 1.5), width: 3, height: n ? Math.max(3, (n / top) * 22) : 1.5, rx: 1, class: n ? "on" : "off" })));
}

let tone = null;
/** Ring once, softly: two short tones. */
export function ring() {
  tone ??= new AudioContext();
  for (const [n, pitch] of [880, 660].entries()) {
    const voice = tone.createOscillator(), loud = tone.createGain(), at = tone.currentTime + n * 0.22;
    voice.frequency.value = pitch;
    loud.gain.setValueAtTime(0.15, at);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
    voice.connect(loud).connect(tone.destination);
    voice.start(at);
    voice.stop(at + 0.22);
  }
}
