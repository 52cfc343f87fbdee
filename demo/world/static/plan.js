// One library: furniture drawn once, things kept at their places, lamps and plugs as they are.

import { HEIGHT, SPOTS, WIDTH, pressable, say, svg } from "./draw.js";
import * as furniture from "./furniture.js";
import { Plugs } from "./plugs.js";
import { bookNode, bookWords, layout, personNode, personWords } from "./things.js";

export class Plan {
  constructor(name, hall) {
    this.name = name;
    this.hall = hall;
    this.things = new Map();
    this.node = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plan", role: "group" });
    this.pages = null;
  }

  #build(site) {
    this.node.replaceChildren();
    this.things.clear();
    this.node.setAttribute("aria-label", site.name);
    this.plugs = new Plugs(this.name, this.hall.act);
    this.gate = furniture.gate();
    this.drop = furniture.drop(() => this.hall.act({ do: "open_bin", site: this.name }));
    this.receipt = svg("g", { class: "receipt" });
    this.layer = svg("g", { class: "things" });
    this.node.append(furniture.walls(), furniture.grounds(),
      furniture.sign(site.name, () => this.hall.find(this.name)), furniture.shelf(), furniture.rack(), furniture.desk(site.kiosk),
      this.gate, this.drop, this.plugs.node, this.receipt, this.layer);
  }

  /** Draw again from nothing: another language. */
  forget() { this.layer = null; }

  render(scene) {
    const site = scene.sites[this.name];
    if (!this.layer) this.#build(site);
    this.plugs.render(site);
    this.#machines(site);
    this.#paper(site);
    const places = layout(scene, this.name);
    for (const [key, node] of this.things) {
      if (!places.has(key)) { node.remove(); this.things.delete(key); }
    }
    for (const [key, [x, y, scale]] of places) this.#place(scene, key, x, y, scale);
  }

  #place(scene, key, x, y, scale) {
    const book = scene.books[key];
    const thing = book ?? scene.people.find((one) => one.reader === key);
    if (!thing) return;
    let node = this.things.get(key);
    if (!node) {
      node = book ? bookNode(book) : personNode(thing);
      this.things.set(key, node);
      this.hall.drag.hold(node, this);
      this.layer.append(node);
    }
    const words = book ? bookWords(book) : personWords(thing);
    if (node.getAttribute("aria-label") !== words) {
      node.setAttribute("aria-label", words);
      node.querySelector("title").textContent = words;
    }
    if (book) node.classList.toggle("silent", book.silent);
    const where = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) scale(${scale})`;
    if (node.dataset.where !== where) {
      if (node.dataset.where && book) this.layer.append(node);
      node.dataset.where = where;
      if (!node.classList.contains("held")) node.style.transform = where;
    }
  }

  #machines(site) {
    const out = site.outputs;
    this.gate.classList.toggle("alarm", out.lamp);
    this.gate.classList.toggle("buzz", out.buzzer);
    for (const beam of this.gate.querySelectorAll(".beam")) beam.classList.toggle("dark", out[beam.dataset.beam]);
    this.drop.classList.toggle("open", out.shutter);
    this.drop.classList.toggle("lit", out.light);
    this.drop.classList.toggle("emptying", out.bin_door);
    const n = site.places.bin.length, level = this.drop.querySelector(".level"), full = SPOTS.bin.h - 12;
    const height = Math.min(full, (n / 12) * full);
    level.setAttribute("height", height);
    level.setAttribute("y", SPOTS.bin.y + 6 + full - height);
    this.drop.querySelector(".count").textContent = say(n === 1 ? "bin.count_one" : "bin.count", { n });
    this.node.classList.toggle("cut-off", !site.network);
  }

  #paper(site) {
    const pages = site.printer.pages, fresh = this.pages !== null && pages > this.pages;
    if (pages === this.pages && this.receipt.childElementCount === Math.min(1, pages)) return;
    this.pages = pages;
    this.receipt.replaceChildren();
    if (!pages) return;
    const p = SPOTS.printer, url = `/api/receipt/${this.name}/${pages - 1}.png`;
    const slip = svg("g", { class: fresh ? "slip fresh" : "slip" },
      svg("rect", { x: p.x + 12, y: p.y - 38, width: p.w - 24, height: 48, class: "sheet" }),
      svg("image", { href: url, x: p.x + 14, y: p.y - 36, width: p.w - 28, height: 46, preserveAspectRatio: "xMidYMin slice" }));
    this.receipt.append(pressable(slip, say("receipt.open"), () => this.hall.receipt(url)));
  }
}
