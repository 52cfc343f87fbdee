// The strip below the plan: what goes over the wires, in words; the same words again only count up.

import { html, say } from "./draw.js";

const MOST = 120;

export class Wire {
  constructor(list, small) {
    this.list = list;
    this.small = small;
    this.last = new Map();
    small.addEventListener("change", () => list.classList.toggle("all", small.checked));
    this.empty();
  }

  empty() {
    this.list.replaceChildren(html("li", { class: "none", text: say("wire.empty") }));
    this.last.clear();
  }

  hear(words) {
    const follow = this.list.scrollTop < 20;
    for (const word of words) this.#add(word);
    while (this.list.childElementCount > MOST) this.list.lastElementChild.remove();
    if (follow) this.list.scrollTop = 0;
  }

  #add(word) {
    if (!word.small || this.small.checked) this.list.querySelector(".none")?.remove();
    const values = { ...word.values };
    if (values.uid && word.key.startsWith("feig")) values.uid = values.uid.slice(-6);
    if (values.line) values.line = say(`line.${values.line}`);
    const text = say(`wire.${word.key}`, values), key = `${word.site}.${word.device}.${word.who}.${text}`;
    const again = this.last.get(key);
    if (again?.isConnected && word.small) {
      again.dataset.times = Number(again.dataset.times) + 1;
      again.querySelector(".times").textContent = `× ${again.dataset.times}`;
      return;
    }
    const hex = word.bytes > 24 ? `${word.hex} … (${word.bytes})` : word.hex;
    const row = html("li", { class: `${word.small ? "small" : "big"} ${word.who}`, "data-times": 1 },
      html("time", { text: new Date().toLocaleTimeString("vi-VN", { timeZone: "Asia/Ho_Chi_Minh" }) }),
      html("b", { text: `${say(`device.${word.device}`)}` }), html("i", { class: "site", text: word.site }),
      html("span", { class: "way", text: word.who === "host" ? "Pi →" : "→ Pi", title: say(word.who === "host" ? "wire.to" : "wire.from") }),
      html("span", { class: "text", text }), html("span", { class: "times" }), html("code", { text: hex }));
    this.last.set(key, row);
    this.list.prepend(row);
  }
}
