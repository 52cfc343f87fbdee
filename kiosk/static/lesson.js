// Screens of a class: which one, whose picture, and what a teacher may do while it is open.

import { animal } from "/static/animals.js";
import { button, drawing, h, head, icon, notice } from "/static/dom.js";

function pupil(t, one) {
  const [name, colour] = one.picture.split("-");
  const plain = t("class.pupil_plain", { animal: t(`class.animal_${name}`), colour: t(`class.colour_${colour}`) });
  return h("li", { "data-key": `p${one.n}` }, h("button.pupil", { type: "button", "data-press": "pupil", "data-arg": String(one.n) },
    drawing(animal(one.picture), "face"), h("span", {}, one.name || plain)));
}

/** The class: a picture for each child. */
export function lesson(t, d) {
  const { title = "", until = "", pupils = [] } = d.lesson ?? {};
  const size = pupils.length <= 12 ? "few" : pupils.length <= 24 ? "some" : "many";
  return [head(t, t("class.title", { title }), d.waiting ? t("class.books_wait", { n: d.waiting }) : t("class.hint", { until })), notice(d),
    h(`ul.pupils.${size}`, {}, pupils.map((one) => pupil(t, one))),
    h("div.actions", {}, button("second", "undo-2", t("class.title_return"), "return"))];
}

/** Which class is opened; or, while one is open, whether it goes on. */
export function classes(t, d) {
  const { choices, title = "", until = "", lent = 0, returned = 0 } = d.lesson ?? {};
  if (d.state === "class_menu") {
    return [head(t, t("class.menu", { title, until }), t("class.menu_hint", { lent, returned })), notice(d),
      h("div.choices", {}, button("big.first", "check", t("class.close"), "close_class"), button("big", "clock", t("class.longer"), "longer"))];
  }
  return [head(t, t("class.choose"), t("class.choose_hint")), notice(d),
    h("div.choices", {}, (choices ?? []).map((one) => h("button.big", { type: "button", "data-press": "open_class", "data-arg": one.id, "data-key": one.id },
      icon("users"), h("span", {}, h("strong", {}, one.title), h("br"), t("class.until", { until: one.until }), h("br"), h("small", {}, t("class.n", { n: one.n }))))))];
}
