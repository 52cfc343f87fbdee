// The machines: name, place, state word, one reason, one thing to do.

import { el, icon, svg } from "./dom.js";
import { ago, clock, exact, has, length, machineName, moment, number, siteName, t } from "./words.js";

/** With more machines than this only those that need a hand are shown here. */
const MANY = 24;
const QUIET_MS = 120e3;
export const LOOKS = {
  well: ["circle-check", "dev.well"],
  needs: ["triangle-alert", "dev.needs"],
  quiet: ["hourglass", "dev.quiet"],
  offline: ["cloud-off", "dev.offline"],
  never: ["plug", "dev.never"],
};
export const ORDER = ["needs", "quiet", "offline", "never", "well"];

/** Return the panel's content. */
export function machinesPanel(board) {
  const all = board.devices.map((device) => ({ device, ...judge(device, board) }));
  const cards = all.length > MANY ? all.filter((card) => card.state !== "well").slice(0, MANY) : all;
  cards.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.device.device.localeCompare(b.device.device));
  const bad = all.filter((card) => card.state !== "well").length;
  const tally = !all.length ? null : bad
    ? el("span.tally.warn", {}, t("dev.some", { n: number(bad) }))
    : el("span.tally.fine", {}, t("dev.all_well", { n: number(all.length) }));
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "machines-title" }, icon("cpu"), t("dev.title")), tally),
    el("div.scroll", { "data-key": "list" },
      all.length ? null : el("div.empty", {}, icon("plug", "huge"), el("p.big", {}, t("dev.empty")), el("p", {}, t("dev.empty_hint"))),
      el("ul.cards", {}, cards.map((card) => machine(card, board)))),
  ];
}

/** Return the state of a device with its one reason and one thing to do. */
export function judge(device, board) {
  if (!device.seen && !device.touched) return { state: "never", reason: t("dev.never_do"), todo: "" };
  if (!device.online) {
    const since = moment(device.since || device.seen, board.now);
    return { state: "offline", reason: t("dev.offline_since", { time: since }), todo: t("dev.offline_do") };
  }
  const trouble = board.worklist.find((entry) => entry.code === "TROUBLE" && entry.device === device.device);
  if (trouble) return { state: "needs", ...words(trouble.detail) };
  const [part] = Object.entries(device.down ?? {});
  if (part) return { state: "needs", ...words({ part: part[0], reason: part[1] || "device_lost", why: "" }) };
  if (device.seen && board.now - device.seen > QUIET_MS) {
    return { state: "quiet", reason: t("dev.quiet_since", { time: clock(device.seen) }), todo: t("dev.offline_do") };
  }
  return { state: "well", reason: "", todo: "" };
}

function words(detail) {
  const known = has(`trouble.${detail.reason}`);
  return {
    reason: known ? t(`trouble.${detail.reason}`) : t("trouble.other", detail),
    todo: known ? t(`mend.${detail.reason}`) : detail.why || "",
  };
}

function machine({ device, state, reason, todo }, board) {
  const [picture, word] = LOOKS[state];
  return el(`li.card.${state}`, { "data-key": device.device, "data-state": state },
    el("div.name", {}, el("button.link", { type: "button", "data-act": "device", "data-value": device.device }, machineName(device.device, board)), el("span.meta", {}, siteName(device.site, board))),
    el("span.state", {}, icon(picture), t(word)),
    reason ? el("div.trouble", {}, el("p.reason", {}, reason), todo ? el("p.todo", {}, icon("arrow-right"), todo) : null) : null,
    sync(device, board), spark(device));
}

function sync(device, board) {
  if (device.waiting) {
    const age = device.oldest ? length(Math.max(0, board.now - device.oldest)) : t("app.unknown");
    return el("span.sync.backlog", {}, icon("cloud"), t("dev.waiting", { n: number(device.waiting), age }));
  }
  const seen = device.seen || device.touched;
  if (!seen) return el("span.sync.meta");
  const unsure = device.clock !== "synced";
  const word = !device.online ? t("dev.heard") : unsure ? t("dev.clock") : t("dev.synced");
  return el("span.sync.meta", {}, `${word} · `,
    el("time", { title: exact(seen), tabindex: 0 }, ago(seen, board.now)));
}

function spark(device) {
  const steps = device.trend.length ? device.trend : Array(24).fill(0), top = Math.max(4, ...steps), w = 4;
  const total = steps.reduce((a, b) => a + b, 0);
  return svg("svg", { class: "spark", viewBox: `0 0 ${steps.length * w} 24`, role: "img", "aria-label": `${t("dev.trend")}: ${t("dev.facts", { n: number(total) })}` },
    svg("title", {}, document.createTextNode(`${t("dev.trend")}: ${t("dev.facts", { n: number(total) })}`)),
    steps.map((n, i) => {
      const height = n ? Math.max(3, (n / top) * 22) : 1.5;
      return svg("rect", { x: i * w + 0.5, y: 24 - height, width: w - 1, height, rx: 1, class: n ? "on" : "off" });
    }));
}
