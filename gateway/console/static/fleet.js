// All machines of all sites: what needs a hand first, then every site as a row of tiles.

import { el, icon } from "./dom.js";
import { judge, LOOKS, ORDER } from "./machines.js";
import { mapOf } from "./map.js";
import { ago, currentLanguage, exact, has, length, machineName, number, siteName, t } from "./words.js";

/** Return the panel of what needs a hand: the same trouble at several machines is one row. */
export function handsPanel(board) {
  const groups = new Map();
  for (const device of board.devices) {
    const found = judge(device, board);
    if (found.state === "well") continue;
    const key = found.state === "needs" ? found.reason : found.state;
    if (!groups.has(key)) groups.set(key, { ...found, devices: [] });
    groups.get(key).devices.push(device);
  }
  const sorted = [...groups.values()].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.devices.length - a.devices.length);
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "work-title" }, icon("wrench"), t("fleet.hands")),
      sorted.length ? el("span.badge", {}, number(sorted.reduce((n, group) => n + group.devices.length, 0))) : null),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      library(board),
      sorted.length ? null : el("div.empty", {}, icon("circle-check", "huge"), el("p.big", {}, t("fleet.fine")), el("p", {}, t("fleet.fine_hint"))),
      el("ul.groups", {}, sorted.map((group) => groupRow(group, board)))),
  ];
}

/** What the library system (SIP2) was not told yet, and what it would not take. */
function library({ ils, now }) {
  if (!ils) return null;
  const words = [
    ils.waiting ? t("fleet.ils_waits", { n: number(ils.waiting), age: length(now - ils.since) }) : t("fleet.ils_told"),
    ils.given_up ? t("fleet.ils_given_up", { n: number(ils.given_up) }) : "",
  ];
  return el(ils.given_up ? "p.ils.look" : "p.ils", { "data-key": "ils" }, icon("library"), el("span", {}, `${t("fleet.ils")}: ${words.filter(Boolean).join(" · ")}`));
}

function groupRow(group, board) {
  const [picture, word] = LOOKS[group.state];
  const reason = group.state === "needs" ? group.reason : t(word);
  return el(`li.group.${group.state}`, { "data-key": `${group.state}${reason}` },
    el("div.mark", {}, icon(picture)),
    el("div.what", {}, el("p.title", {}, reason), group.todo ? el("p.todo", {}, icon("arrow-right"), group.todo) : null,
      el("p.chips", {}, group.devices.slice(0, 12).map((device) => el("button.chip", { type: "button", "data-act": "device", "data-value": device.device },
        `${machineName(device.device, board)} · ${siteName(device.site, board)}`)),
      group.devices.length > 12 ? el("span.meta", {}, t("fleet.more", { n: number(group.devices.length - 12) })) : null)));
}

/** Return the panel of all sites: as a list, or on a map when there is one. */
export function sitesPanel(board, view, drawn) {
  const plain = (value) => String(value ?? "").normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
  const wanted = plain(view.place);
  const of = new Map(board.sites.map((site) => [site.site, []]));
  for (const device of board.devices) of.get(device.site)?.push({ device, ...judge(device, board) });
  const shown = board.sites.filter((site) => !wanted || plain(`${site.name} ${site.site} ${of.get(site.site).map((one) => `${one.device.name} ${one.device.device}`)}`).includes(wanted));
  const mapped = drawn && Object.keys(drawn.places).length > 0, on = mapped && view.map;
  const way = (value, picture, words) => el("button.chip", { type: "button", "data-act": "map-on", "data-value": value, "aria-pressed": String(Boolean(on) === Boolean(value)) }, icon(picture), words);
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "machines-title" }, icon("building-2"), t("fleet.sites", { n: number(board.sites.length), m: number(board.devices.length) })),
      el("div.tools", {}, mapped ? [way("", "list-filter", t("map.list")), way("1", "map-pin", t("map.map"))] : null, el("label.find", {}, icon("search"), el("input", { type: "search", "data-act": "place", placeholder: t("fleet.find"), "aria-label": t("fleet.find") })))),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      shown.length ? null : el("p.quiet", {}, t("work.none_here")),
      on ? onMap(drawn, shown, of, board, view) : el("ul.sites", { "data-key": "sites" }, shown.map((site) => siteRow(site, of.get(site.site), board)))),
  ];
}

function onMap(drawn, shown, of, board, view) {
  const lost = shown.filter((site) => !drawn.places[site.site]), chosen = new Set(view.chosen ?? []);
  const rows = shown.filter((site) => chosen.has(site.site));
  return [
    mapOf(drawn, shown, of, view),
    rows.length ? el("ul.sites.chosen", { "data-key": "chosen", "aria-label": t("map.chosen") }, rows.map((site) => siteRow(site, of.get(site.site), board))) : null,
    lost.length ? el("details.settled", { "data-key": "lost" }, el("summary", {}, icon("map-pin"), t("map.lost", { n: number(lost.length) })), el("ul.sites", {}, lost.map((site) => siteRow(site, of.get(site.site), board)))) : null,
  ];
}

const drawn = new Map();

/** A row that would look the same again is only named: with 500 machines that saves most of the work. */
function siteRow(site, cards, board) {
  const id = `site-${site.site}`;
  const looks = JSON.stringify([currentLanguage(), Math.floor(board.now / 30e3), site.open, site.name,
    cards.map(({ device, state }) => [device.name, state, device.waiting, device.oldest, device.seen, device.clock])]);
  if (drawn.get(id) === looks && document.getElementById(id)) return el("li.site", { "data-key": site.site, "data-same": true });
  drawn.set(id, looks);
  const waiting = cards.reduce((n, one) => n + (one.device.waiting || 0), 0);
  const oldest = Math.min(...cards.filter((one) => one.device.waiting && one.device.oldest).map((one) => one.device.oldest));
  const seen = Math.max(0, ...cards.map((one) => one.device.seen || one.device.touched || 0));
  const unsure = cards.filter((one) => one.device.online && one.device.clock !== "synced").length;
  return el("li.site", { "data-key": site.site, id },
    el("div.name", {}, el("b", {}, site.name), site.open ? el("span.badge", { title: t("work.count", { n: number(site.open) }) }, number(site.open)) : null),
    el("div.tiles-row", {}, cards.map((one) => tile(one, board))),
    el("p.meta", {},
      waiting ? el("span.backlog", {}, icon("cloud"), t("dev.waiting", { n: number(waiting), age: Number.isFinite(oldest) ? length(board.now - oldest) : t("app.unknown") })) : null,
      unsure ? el("span", {}, icon("clock"), t("dev.clock")) : null,
      seen ? el("time", { title: exact(seen), tabindex: 0 }, `${t("dev.heard")} ${ago(seen, board.now)}`) : el("span", {}, t("dev.never"))));
}

function tile({ device, state }, board) {
  const [, word] = LOOKS[state];
  const name = machineName(device.device, board);
  return el(`button.tile-m.${state}`, { type: "button", "data-act": "device", "data-value": device.device, title: `${name}: ${t(word)}` },
    el("span", {}, name), state === "well" ? null : el("span.hidden", {}, `: ${t(word)}`));
}

function wordOf(code) { return t([`word.${code}`, `short.${code}`, `code.${code}`].find(has) ?? "app.unknown"); }

/** Return the panel of the machines that make the most work. */
export function rankingPanel(rows, board) {
  return [
    el("div.head", { "data-key": "head" }, el("h2", { id: "now-title" }, icon("trending-up"), t("fleet.ranking"))),
    el("div.scroll", { "data-key": "list", tabindex: 0 },
      rows && !rows.length ? el("p.quiet", {}, t("fleet.ranking_none")) : null,
      !rows?.length ? null : el("table.grid", {}, el("thead", {}, el("tr", {}, el("th", {}, t("fleet.machine")), el("th", {}, t("fleet.entries")), el("th", {}, t("fleet.share")), el("th", {}, t("fleet.with")))),
        el("tbody", {}, (rows ?? []).slice(0, 15).map((row) => el("tr", { "data-key": row.device },
          el("td", {}, el("button.link", { type: "button", "data-act": "device", "data-value": row.device }, machineName(row.device, board)), el("span.meta", {}, ` ${siteName(row.site, board)}`)),
          el("td.n", {}, number(row.entries)),
          el("td.n", {}, row.facts ? `${number(Math.round((1000 * row.entries) / row.facts))} ‰` : "–"),
          el("td.meta", {}, Object.entries(row.codes).sort((a, b) => b[1] - a[1]).slice(0, 3).map(([code, n]) => `${wordOf(code)} ${n}`).join(", "))))))),
  ];
}
