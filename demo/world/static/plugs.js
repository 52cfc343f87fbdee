// The switches of bad days: network plug, mains plugs, device cables, the printer's paper.

import { CABLES, PIS, SPOTS, icon, pressable, say, svg } from "./draw.js";

const PAPER = ["ok", "low", "out", "jam"];

/** A plug and its socket; pulled out when `on` is false. */
function plug(x, y, cls) {
  return svg("g", { class: `plug ${cls}`, transform: `translate(${x} ${y})` },
    svg("rect", { x: 26, y: 0, width: 26, height: 26, rx: 6, class: "socket" }),
    svg("path", { d: "M35 9v8M43 9v8", class: "holes" }),
    svg("g", { class: "pin" }, svg("path", { d: "M-14 13h12", class: "cord" }),
      svg("rect", { x: -4, y: 4, width: 22, height: 18, rx: 6, class: "head" }),
      svg("path", { d: "M18 9h7M18 17h7", class: "prongs" })));
}

export class Plugs {
  constructor(site, act, cables) {
    this.site = site;
    this.act = act;
    this.pis = new Map();
    this.node = svg("g", { class: "plugs" });
    this.network = this.#network();
    this.cables = Object.fromEntries(Object.entries(CABLES).filter(([name]) => name in cables).map(([name, at]) => [name, this.#cable(name, at)]));
    this.paper = this.#paper();
    this.node.append(this.network, ...Object.values(this.cables), this.paper);
  }

  #network() {
    const node = svg("g", { class: "switch network", transform: "translate(560 8)" },
      svg("rect", { x: -30, y: -4, width: 172, height: 34, rx: 10, class: "plate" }),
      plug(82, 0, "big"), icon("wifi", -20, 3, 20, "yes"), icon("wifi-off", -20, 3, 20, "no"),
      svg("text", { x: 8, y: 19, class: "label", text: say("network") }));
    return pressable(node, say("network"), () => this.act({ do: "network", site: this.site, on: node.classList.contains("off") }));
  }

  #cable(name, { from, plug: at }) {
    const node = svg("g", { class: "switch cable" },
      svg("path", { d: `M${from[0]} ${from[1]}L${at[0]} ${at[1]}`, class: "cord" }),
      svg("circle", { cx: at[0], cy: at[1], r: 12, class: "knob" }),
      icon("cable", at[0] - 7, at[1] - 7, 14, "yes"), icon("unplug", at[0] - 7, at[1] - 7, 14, "no"));
    return pressable(node, name, () => this.act({ do: "cable", site: this.site, device: name, plugged: node.classList.contains("off") }));
  }

  #paper() {
    const p = SPOTS.printer;
    const node = svg("g", { class: "switch paper" },
      svg("rect", { x: p.x - 9, y: p.y + p.h + 6, width: p.w + 18, height: 20, rx: 10, class: "plate" }),
      svg("text", { x: p.x + p.w / 2, y: p.y + p.h + 20, class: "label tiny", "text-anchor": "middle" }));
    return pressable(node, "", () => {
      const next = PAPER[(PAPER.indexOf(node.dataset.paper) + 1) % PAPER.length];
      this.act({ do: "paper", site: this.site, state: next });
    });
  }

  #pi(pi, n, count) {
    const h = (PIS.h - 12) / count, y = PIS.y + 6 + n * h, x = PIS.x + 8;
    const node = svg("g", { class: "switch pi" },
      svg("rect", { x, y: y + 2, width: PIS.w - 16, height: h - 4, rx: 9, class: "plate" }),
      svg("rect", { x: x + 10, y: y + h / 2 - 16, width: 46, height: 32, rx: 4, class: "circuit" }),
      svg("path", { d: `M${x + 15} ${y + h / 2 - 11}h20M${x + 24} ${y + h / 2}h10v8h-10z`, class: "tracks" }),
      svg("circle", { cx: x + 48, cy: y + h / 2 - 9, r: 4, class: "led" }),
      svg("text", { x: x + 66, y: y + h / 2 - 9 * pi.stations.length + 7, class: "label strong", text: pi.device }),
      ...pi.stations.map((one, row) => svg("text", { x: x + 66, y: y + h / 2 - 9 * pi.stations.length + 23 + row * 16, class: "label tiny", text: say(`station.${one}`) })),
      plug(x + PIS.w - 84, y + h / 2 - 13, "mains"));
    pressable(node, pi.device, () => this.act({ do: "power", device: pi.device, on: node.classList.contains("off") }));
    this.node.append(node);
    return node;
  }

  render(site) {
    mark(this.network, site.network, say(site.network ? "network.on" : "network.off"));
    for (const [name, node] of Object.entries(this.cables)) {
      const on = site.cables[name] ?? true;
      mark(node, on, say(on ? "cable.on" : "cable.off", { device: say(`device.${name}`) }));
    }
    site.pis.forEach((pi, n) => {
      if (!this.pis.has(pi.device)) this.pis.set(pi.device, this.#pi(pi, n, site.pis.length));
      const node = this.pis.get(pi.device);
      const words = !pi.on ? "power.off" : pi.running ? "power.on" : "power.starting";
      mark(node, pi.on, say(words, { device: pi.device }));
      node.classList.toggle("running", pi.running);
    });
    const state = say(`paper.${site.printer.paper}`);
    this.paper.dataset.paper = site.printer.paper;
    this.paper.querySelector("text").textContent = state;
    mark(this.paper, site.printer.paper === "ok", say("paper.next", { state }));
  }
}

function mark(node, on, words) {
  node.classList.toggle("off", !on);
  node.setAttribute("aria-label", words);
  if (node.role !== "button") node.setAttribute("aria-pressed", String(on));
  let title = node.querySelector(":scope > title");
  if (!title) node.prepend(title = svg("title"));
  if (title.textContent !== words) title.textContent = words;
}
