// The idle screen's board: events, new books, a note; one page at a time, on by itself or with a finger.

import { cover } from "/look/cover.js";
import { h, icon } from "/static/dom.js";

const EVERY_MS = 9000;
const still = matchMedia("(prefers-reduced-motion: reduce)");
let page = 0;
let turned = performance.now();
let stopped = false;

/** Go to the next page; by hand: and stay there. */
export function turn(byHand) {
  stopped ||= byHand;
  page += 1;
  turned = performance.now();
}

/** Say whether it is time for the next page. */
export function due() {
  return !stopped && !still.matches && performance.now() - turned > EVERY_MS;
}

/** A new reader finds the board in motion again. */
export function begin() {
  stopped = false;
}

function events(t, list) {
  return h("div.page", { "data-key": "events" }, h("h2", {}, icon("calendar"), h("span", {}, t("idle.events"))),
    h("ul", {}, list.map((e) => h("li", {}, h("strong", {}, e.when), h("span", {}, e.title), e.place && h("em", {}, e.place)))));
}

function books(t, list) {
  return h("div.page", { "data-key": "books" }, h("h2", {}, icon("book-marked"), h("span", {}, t("idle.books"))),
    h("ul.covers", {}, list.map((b) => h("li", {}, cover(b.item, b.title, b.author), h("span", {}, b.title)))));
}

function note(text) {
  return h("div.page.note", { "data-key": "note" }, icon("info"), h("p", {}, text));
}

/** Return the board, or nothing when the centre has sent none. */
export function board(t, d) {
  const { events: coming = [], books: fresh = [], note: text = "" } = d.board ?? {};
  const pages = [coming.length && (() => events(t, coming)), fresh.length && (() => books(t, fresh)),
    text && (() => note(text))].filter(Boolean);
  if (!pages.length) return null;
  return h("section.board", { "aria-label": t("idle.events") }, pages[page % pages.length](),
    pages.length > 1 && h("button.turn", { type: "button", "data-turn": "", "aria-label": t("idle.next") }, icon("chevron-right")));
}
