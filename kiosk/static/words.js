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

/** Remember which recordings say this text, if there are some: "Due 06/12/2026" is three. */
export function learn(lang, text, key, n) {
  const has = (name) => recorded[lang]?.has(name);
  const address = (name) => `/voice/${lang}/${name}.ogg`;
  if (n !== undefined && has(`${key}.${n}`)) { clips.set(text, [address(`${key}.${n}`)]); return; }
  if (!has(key)) return;
  if (n > 0 && new RegExp(`\\b${n}\\b`).test(text)) {  // "Wait", "4", "seconds"
    clips.set(text, [key, `pin.digit.${n}`, `${key}.1`].filter(has).map(address));
    return;
  }
  const [, day, month] = /(\d\d)\/(\d\d)\/\d{4}/.exec(text) ?? [];
  const said = [key, ...day ? [`date.day.${Number(day)}`, `date.month.${Number(month)}`] : [], `${key}.1`];
  clips.set(text, said.filter(has).map(address));
}

/** Forget what was said in a visit. */
export function unlearn() {
  clips.clear();
}

/** Return the addresses of the recordings of a text, one after the other; maybe none. */
export function clip(text) {
  return clips.get(text) ?? [];
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
