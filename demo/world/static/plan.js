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
    this.plugs = new Plugs(this.name, this.hall.act, site.cables);
    this.gate = furniture.gate();
    this.drop = furniture.drop(site.baskets, () => this.hall.act({ do: "open_bin", site: this.name }),
      () => this.hall.act({ do: "jam", site: this.name, on: !this.drop.classList.contains("stuck") }));
    this.slip = svg("g", { class: "receipt" });
    this.receipt = svg("g", { class: "receipt" });
    this.layer = svg("g", { class: "things" });
    this.node.append(furniture.walls(), furniture.grounds(),
      furniture.sign(site.name, () => this.hall.find(this.name)), furniture.shelf(), furniture.rack(), furniture.desk(site.kiosk),
      this.gate, this.drop, this.plugs.node, this.receipt, this.slip, this.layer);
  }

  /** Draw again from nothing: another language. */
  forget() { this.layer = null; this.slips = undefined; }

  render(scene) {
    const site = scene.sites[this.name];
    if (!this.layer) this.#build(site);
    this.plugs.render(site);
    this.#machines(site);
    this.#paper(site);
    this.#slips(site);
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
    this.drop.classList.toggle("stuck", site.jam);
    const stick = this.drop.querySelector(".jam");
    stick.setAttribute("aria-label", say(site.jam ? "act.unjam" : "act.jam"));
    stick.setAttribute("aria-pressed", String(site.jam));
    for (const basket of site.baskets) this.#level(basket, site.places[basket.place].length, site.baskets.length === 1);
    this.node.classList.toggle("cut-off", !site.network);
  }

  #level({ place, full: most }, n, alone) {
    const node = this.drop.querySelector(`[data-basket="${place}"]`), level = node.querySelector(".level");
    const full = SPOTS.bin.h - 12, height = Math.min(full, (n / most) * full);
    level.setAttribute("height", height);
    level.setAttribute("y", SPOTS.bin.y + 6 + full - height);
    node.classList.toggle("full", n >= most);
    node.querySelector(".count").textContent = alone ? say(n === 1 ? "bin.count_one" : "bin.count", { n }) : String(n);
  }

  /** The last slip that the drop printed lies beside its bins. */
  #slips(site) {
    if (site.slips === this.slips) return;
    const fresh = this.slips !== undefined;
    this.slips = site.slips;
    this.slip.replaceChildren();
    if (!site.slips) return;
    const { x, y, w } = SPOTS.bin, url = `/api/slip/${this.name}/${site.slips - 1}.png`;
    const sheet = svg("g", { class: fresh ? "slip fresh" : "slip" },
      svg("rect", { x: x + w - 34, y: y - 34, width: 38, height: 40, class: "sheet" }),
      svg("image", { href: url, x: x + w - 32, y: y - 32, width: 34, height: 38, preserveAspectRatio: "xMidYMin slice" }));
    this.slip.append(pressable(sheet, say("slip.open"), () => this.hall.receipt(url)));
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
