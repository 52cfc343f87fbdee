// The texts of both languages, loaded once from this machine.

const books = {};

/** Load every language; the page shows nothing before its words are here. */
export async function load() {
  await Promise.all(["vi", "en"].map(async (lang) => {
    books[lang] = await (await fetch(`/texts/${lang}.json`)).json();
  }));
}

/** Return a function that says a text in this language: t("bor.seen", {n: 3}). */
export function speaker(lang) {
  const texts = books[lang] ?? books.vi;
  return (key, values = {}) => {
    let text = texts[key];
    if (text === undefined) return key;
    if (typeof text !== "string") text = values.n === 1 ? text.one : text.other;
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
}
