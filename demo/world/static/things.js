// What can be dragged: books (their covers from /look/cover.js) and readers with their bags.

import { cover } from "/look/cover.js";
import { BOOK, SPOTS, icon, say, svg } from "./draw.js";

const COATS = ["#0B5A5E", "#7A4E00", "#2C6A3C", "#44546A", "#6E2F47", "#2B3F6B", "#5B3A5E", "#8A5A1C"];
const SKIN = "#E2B58F", HAIR = "#2A2320";
const MARKS = { blank: "circle", broken: "circle-alert", foreign: "map-pin" };

export function bookNode(book) {
  const picture = cover(book.item, book.title, book.author);
  picture.setAttribute("width", BOOK.w);
  picture.setAttribute("height", BOOK.h);
  const node = svg("g", { class: "book thing", tabindex: 0, role: "button", "data-item": book.item },
    svg("title"), svg("rect", { x: -1, y: 0, width: BOOK.w + 2, height: BOOK.h, rx: 3, class: "halo" }), picture);
  if (MARKS[book.tag]) {
    node.append(svg("g", { class: "mark" }, svg("circle", { cx: BOOK.w - 4, cy: 4, r: 8 }), icon(MARKS[book.tag], BOOK.w - 9, -1, 10)));
  }
  node.append(svg("circle", { cx: 5, cy: BOOK.h - 4, r: 5, class: "bit" }));
  return node;
}

export function bookWords(book) {
  return `${book.title} · ${book.author} · ${book.item} · ${say(`tag.${book.tag}`)}, ${say(book.silent ? "silent" : "armed")}`;
}

export function personNode(person) {
  const number = Number(person.reader.slice(1));
  const small = person.group === "child" ? 0.84 : 1;
  const badge = person.card === "barcode" ? "scan-barcode" : "nfc";
  return svg("g", { class: `person thing ${person.note}`, tabindex: 0, role: "button", "data-reader": person.reader },
    svg("title"), svg("rect", { x: 4, y: 0, width: 52, height: 64, class: "touch" }),
    svg("g", { class: "body", transform: `translate(30 46) scale(${small}) translate(-30 -46)` },
      svg("ellipse", { cx: 30, cy: 47, rx: 19, ry: 4, class: "shade" }),
      svg("path", { d: "M11 46c0-14 8-20 19-20s19 6 19 20z", fill: COATS[number % COATS.length] }),
      svg("circle", { cx: 30, cy: 15, r: 11, fill: SKIN }),
      svg("path", { d: number % 2 ? "M19 15a11 11 0 0 1 22 0c-3-5-7-6-11-6s-8 1-11 6z" : "M18 20a12 13 0 0 1 24 0c-2-7-5-10-12-10s-10 3-12 10z", fill: HAIR }),
      svg("rect", { x: 22, y: 32, width: 16, height: 11, rx: 2, class: "badge" }), icon(badge, 25, 32.5, 10)),
    svg("text", { x: 30, y: 60, class: "label name", "text-anchor": "middle", text: person.name.split(" ").at(-1) }),
    person.note ? svg("g", { class: "mark" }, svg("circle", { cx: 46, cy: 8, r: 8 }), icon("clock", 41, 3, 10)) : null);
}

export function personWords(person) {
  const words = [person.name, person.reader, say(`person.${person.card}`)];
  if (person.group === "child" || person.group === "staff") words.push(say(`person.${person.group}`));
  if (person.note) words.push(say(`person.${person.note}`));
  return words.join(" · ");
}

/** Where each book and reader of a site is drawn: key -> [x, y, scale]. */
export function layout(scene, name) {
  const site = scene.sites[name], places = new Map();
  site.places.shelf.forEach((item, n) => item && places.set(item, [SPOTS.shelf.x + 8 + n * (BOOK.w + 3), SPOTS.shelf.y + 14, 1]));
  grid(places, site.places.pad, SPOTS.pad.x + 12, SPOTS.pad.y + 11, 3, site.places.pad.length > 3 ? 33 : 36, 24);
  grid(places, site.places.chute, SPOTS.chute.x + 22, SPOTS.chute.y - 16, 3, 30, 0);
  const crowd = { in: [], out: [] };
  for (const person of scene.people.filter((one) => one.site === name)) {
    const walking = site.walking?.reader === person.reader;
    if (walking) place(places, person, SPOTS.gate.x + 28, SPOTS.gate.y + (site.walking.way === "in" ? -8 : 2));
    else if (site.card === person.reader) place(places, person, SPOTS.card.x - 14, SPOTS.card.y - 14);
    else crowd[person.inside ? "in" : "out"].push(person);
  }
  line(places, crowd.in, SPOTS.floor.x + 8, SPOTS.floor.y + 16, 500);
  line(places, crowd.out, SPOTS.street.x + 8, SPOTS.street.y + 14, 520);
  return places;
}

function grid(places, items, x, y, columns, dx, dy) {
  items.forEach((item, n) => places.set(item, [x + (n % columns) * dx, y + Math.floor(n / columns) * dy, 1]));
}

function line(places, people, x, y, width) {
  const step = Math.min(102, width / Math.max(1, people.length));
  people.forEach((person, n) => place(places, person, x + n * step, y));
}

function place(places, person, x, y) {
  places.set(person.reader, [x, y, 1]);
  const step = Math.min(13, 44 / Math.max(1, person.bag.length));
  person.bag.forEach((item, n) => places.set(item, [x + 46 + n * step, y + 10 + (n % 2) * 3, 0.66]));
}
