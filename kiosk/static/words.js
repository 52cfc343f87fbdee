// The texts of both languages, loaded once from this machine.

const books = {};
let languages = [];
let recorded = {};
const clips = new Map();

/** Load every language; the page shows nothing before its words are here. */
export async function load() {
  const index = await (await fetch("/texts/index.json")).json();
  languages = index.languages;
  recorded = Object.fromEntries(Object.entries(index.voices).map(([lang, names]) => [lang, new Set(names)]));
  await Promise.all(languages.map(async (lang) => {
    books[lang] = await (await fetch(`/texts/${lang}.json`)).json();
  }));
}

/** Return the language that the language button leads to, and how it calls itself. */
export function following(lang) {
  const next = languages[(languages.indexOf(lang) + 1) % languages.length];
  return [next, books[next]["page.name"]];
}

/** Remember which recording says this text, if there is one. */
export function learn(lang, text, key, n) {
  for (const name of [`${key}.${n}`, key]) {
    if (recorded[lang]?.has(name)) return clips.set(text, `/voice/${lang}/${name}.ogg`);
  }
}

/** Return the address of the recording of a text, or nothing. */
export function clip(text) {
  return clips.get(text);
}

/** Return a function that says a text in this language: t("bor.seen", {n: 3}). */
export function speaker(lang) {
  const texts = books[lang] ?? books.vi;
  return (key, values = {}) => {
    let text = texts[key];
    if (text === undefined) return key;
    if (typeof text !== "string") text = values.n === 1 ? text.one : text.other;
    const said = text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    learn(lang, said, key, values.n);
    return said;
  };
}
