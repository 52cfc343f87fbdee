// The hall: keeps the picture of the world, and asks the world for what hands do.

import { language, learn, say } from "./draw.js";
import { Drag } from "./drag.js";
import { Plan } from "./plan.js";
import { openHelp, openMenu, openReceipt, openStacks } from "./sheets.js";
import { Wire } from "./wire.js";

const find = (id) => document.getElementById(id);
const NOTE_MS = 5000;

class Hall {
  constructor() {
    this.drag = new Drag(this);
    this.plans = new Map();
    this.scene = null;
    this.act = this.act.bind(this);
  }

  async open() {
    await learn(language.now);
    this.wire = new Wire(find("words"), find("small"));
    find("help").addEventListener("click", () => openHelp(find("sheet")));
    find("language").addEventListener("click", () => this.#speak(language.now === "vi" ? "en" : "vi"));
    this.#connect();
  }

  async #speak(lang) {
    await learn(lang);
    this.wire.empty();
    for (const plan of this.plans.values()) plan.forget();
    if (this.scene) this.#render();
  }

  #connect() {
    const socket = new WebSocket(`ws://${location.host}/ws`);
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.scene) { this.scene = message.scene; this.#render(); }
      if (message.wires) this.wire.hear(message.wires);
      document.body.classList.remove("away");
    };
    socket.onclose = () => { document.body.classList.add("away"); setTimeout(() => this.#connect(), 1000); };
  }

  #render() {
    find("console").href = this.scene.addresses.console;
    for (const name of Object.keys(this.scene.sites)) {
      if (!this.plans.has(name)) {
        const plan = new Plan(name, this);
        this.plans.set(name, plan);
        find("sites").append(plan.node);
      }
      this.plans.get(name).render(this.scene);
    }
    document.body.dataset.ready = "yes";
  }

  /** Ask the world; say why when no hand could do it. */
  async act(what) {
    try {
      const answer = await fetch("/api/do", { method: "POST", body: JSON.stringify(what) });
      if (answer.ok) return;
      const { error, values } = await answer.json();
      this.note(say(`error.${error}`, values));
    } catch {
      this.note(say("error.away"));
    }
  }

  note(words) {
    const node = find("note");
    node.textContent = words;
    node.classList.add("shown");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => node.classList.remove("shown"), NOTE_MS);
  }

  find(site) { openStacks(find("sheet"), site, this.act); }

  receipt(url) { openReceipt(find("sheet"), url); }

  /** A thing was let go over a spot or a person. */
  dropped(node, plan, spot) {
    const site = plan.name, { item, reader } = node.dataset;
    if (item && spot.reader) this.act({ do: "move", item, to: `bag:${spot.reader}` });
    else if (item && spot.kind === "scanner") this.act({ do: "scan", site, item });
    else if (item) this.act({ do: "move", item, to: `${spot.kind}:${site}` });
    else if (spot.kind === "card") this.act({ do: "tap", number: reader });
    else if (spot.kind === "scanner") this.act({ do: "scan", site, reader });
    else {
      const person = this.#person(reader);
      const way = { floor: "in", street: "out", gate: person.inside ? "out" : "in" }[spot.kind];
      if (person.inside !== (way === "in")) this.act({ do: "walk", number: reader, way });
    }
  }

  /** A thing was clicked, or Enter was pressed on it. */
  menu(node, plan) {
    const { item, reader } = node.dataset;
    const choices = item ? this.#bookChoices(item, plan.name) : this.#personChoices(reader, plan.name);
    openMenu(find("menu"), node, node.getAttribute("aria-label"), choices);
  }

  #person(reader) { return this.scene.people.find((one) => one.reader === reader); }

  #bookChoices(item, site) {
    const move = (to) => () => this.act({ do: "move", item, to });
    const book = this.scene.books[item], holder = this.#person(book.place.slice(4));
    const indoors = !holder || holder.inside, choices = [];
    if (indoors && !book.place.startsWith("pad")) choices.push(["nfc", say("act.pad"), move(`pad:${site}`)]);
    const people = this.scene.people.filter((one) => one.site === site && one !== holder && one.inside === indoors);
    for (const one of people) choices.push(["shopping-bag", say("act.bag", { name: one.name.split(" ").at(-1) }), move(`bag:${one.reader}`)]);
    if (indoors) choices.push(["scan-barcode", say("act.scan_book"), () => this.act({ do: "scan", site, item })]);
    choices.push(["inbox", say("act.chute"), move(`chute:${site}`)]);
    if (indoors && !book.place.startsWith("shelf")) choices.push(["library", say("act.shelf"), move(`shelf:${site}`)]);
    return choices.filter(([, words]) => !(book.place.startsWith("chute") && words === say("act.chute")));
  }

  #personChoices(number, site) {
    const person = this.#person(number);
    if (!person.inside) return [["door-open", say("act.walk_in"), () => this.act({ do: "walk", number, way: "in" })]];
    const choices = [];
    if (person.card !== "barcode") choices.push(["nfc", say("act.tap"), () => this.act({ do: "tap", number })]);
    if (person.card !== "mifare") choices.push(["scan-barcode", say("act.scan_card"), () => this.act({ do: "scan", site, reader: number })]);
    choices.push(["door-open", say("act.walk_out"), () => this.act({ do: "walk", number, way: "out" })]);
    return choices;
  }
}

new Hall().open();
