// What opens over the plan: the menu of a thing, the stacks, a receipt, the help.

import { html, language, say } from "./draw.js";

function glyph(name) {
  const node = html("span", { class: "glyph" });
  node.innerHTML = `<svg class="icon" aria-hidden="true"><use href="/look/icons.svg#${name}"/></svg>`;
  return node;
}

/** Show what can be done with a thing; `choices` are [icon, words, act]. */
export function openMenu(menu, near, title, choices) {
  const close = (back) => {
    menu.hidden = true;
    document.removeEventListener("pointerdown", outside, true);
    if (back) near.focus({ preventScroll: true });
  };
  const outside = (event) => { if (!menu.contains(event.target)) close(false); };
  const buttons = choices.map(([icon, words, act]) => html("button", {
    type: "button", role: "menuitem", on: { click: () => { close(true); act(); } },
  }, glyph(icon), html("span", { text: words })));
  menu.replaceChildren(html("p", { text: title }), ...buttons);
  menu.hidden = false;
  const box = near.getBoundingClientRect(), own = menu.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left + box.width / 2 - own.width / 2), innerWidth - own.width - 8);
  const above = box.top - own.height - 8;
  menu.style.left = `${left}px`;
  menu.style.top = `${(above > 8 ? above : Math.min(box.bottom + 8, innerHeight - own.height - 8))}px`;
  document.addEventListener("pointerdown", outside, true);
  menu.onkeydown = (event) => {
    const at = buttons.indexOf(document.activeElement), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close(true);
    else if (step) buttons[(at + step + buttons.length) % buttons.length].focus();
    else return;
    event.preventDefault();
  };
  buttons[0]?.focus({ preventScroll: true });
}

function openSheet(sheet, title, ...content) {
  const close = html("button", { type: "button", class: "close", "aria-label": say("close"), on: { click: () => sheet.close() } }, glyph("x"));
  sheet.replaceChildren(html("header", {}, html("h2", { text: title }), close), ...content);
  sheet.onclick = (event) => { if (event.target === sheet) sheet.close(); };
  if (!sheet.open) sheet.showModal();
}

export function openReceipt(sheet, url) {
  openSheet(sheet, say("receipt"), html("img", { src: url, alt: say("receipt"), class: "paper" }));
}

export function openHelp(sheet) {
  const rows = [1, 2, 3, 4, 5, 6, 7].map((n) => html("li", { text: say(`help.${n}`) }));
  openSheet(sheet, say("help.title"), html("ol", { class: "help" }, ...rows));
}

export function openStacks(sheet, site, act) {
  const results = html("div", { class: "results" });
  let last = 0;
  const look = async (text) => {
    const mine = ++last;
    const found = await (await fetch(`/api/find?site=${site}&text=${encodeURIComponent(text)}`)).json();
    if (mine !== last) return;
    const bring = (what) => { sheet.close(); act(what); };
    const row = (icon, words, more, what) => html("button", { type: "button", on: { click: () => bring(what) } },
      glyph(icon), html("span", { text: words }), html("small", { text: more }));
    const books = found.books.map((one) => row("book", one.title, `${one.author} · ${one.item} · ${say(`tag.${one.tag}`)}`, { do: "fetch_book", item: one.item }));
    const people = found.people.map((one) => row("user-round", one.name, `${one.reader} · ${say(`person.${one.card}`)}${one.note ? ` · ${say(`person.${one.note}`)}` : ""}`, { do: "fetch_reader", number: one.reader }));
    results.replaceChildren(
      ...(books.length ? [html("h3", { text: say("find.books") }), ...books] : []),
      ...(people.length ? [html("h3", { text: say("find.people") }), ...people] : []),
      ...(books.length + people.length ? [] : [html("p", { text: say("find.none") })]));
  };
  const field = html("input", { type: "search", placeholder: say("find.hint"), "aria-label": say("find.hint"), lang: language.now });
  field.addEventListener("input", () => look(field.value));
  openSheet(sheet, say("find"), field, results);
  look("");
}
