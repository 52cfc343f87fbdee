// Sentences, times and numbers in the chosen language.

let texts = {};
let language = "vi";

export function setTexts(all) { texts = all; }
export function setLanguage(name) { language = name in texts ? name : "vi"; }
export function currentLanguage() { return language; }

/** Return a sentence with its {places} filled in; `has` tells whether there is one. */
export function t(key, values = {}) {
  const text = texts[language]?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? t2("app.unknown"));
}
export function has(key) { return Boolean(texts[language]?.[key]); }
function t2(key) { return texts[language]?.[key] ?? ""; }

const locale = () => (language === "vi" ? "vi-VN" : "en-GB");
const ZONE = "Asia/Ho_Chi_Minh";
const part = (ms, options) => new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, ...options }).format(ms);

/** 1.234.567 or 1,234,567. */
export function number(n) { return new Intl.NumberFormat(locale()).format(n ?? 0); }
/** 31/12/2026. */
export function day(ms) { return part(ms, { day: "2-digit", month: "2-digit", year: "numeric" }); }
/** 14:05. */
export function clock(ms) { return part(ms, { hour: "2-digit", minute: "2-digit" }); }
/** 31/12/2026 14:05:09. */
export function exact(ms) { return `${day(ms)} ${part(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" })}`; }
/** 14:05 today, else 31/12 14:05. */
export function moment(ms, now) {
  return day(ms) === day(now) ? clock(ms) : `${part(ms, { day: "2-digit", month: "2-digit" })} ${clock(ms)}`;
}

const MINUTE = 60e3, HOUR = 3600e3, DAY = 86400e3;

/** How long ago, in words. */
export function ago(ms, now) {
  const age = Math.max(0, now - ms);
  if (age < MINUTE) return t("time.now");
  if (age < HOUR) return t("time.minutes", { n: number(Math.floor(age / MINUTE)) });
  if (age < DAY) return t("time.hours", { n: number(Math.floor(age / HOUR)) });
  return t("time.days", { n: number(Math.floor(age / DAY)) });
}

/** How long, in words. */
export function length(ms) {
  if (ms < MINUTE) return t("age.seconds", { n: number(Math.round(ms / 1000)) });
  if (ms < HOUR) return t("age.minutes", { n: number(Math.round(ms / MINUTE)) });
  if (ms < 2 * DAY) return t("age.hours", { n: number(Math.round(ms / HOUR)) });
  return t("age.days", { n: number(Math.round(ms / DAY)) });
}

/** What staff call a machine: its name, unless that is only the building's. */
export function machineName(id, board) {
  const device = board.devices.find((one) => one.device === id);
  return device?.name && device.name !== siteName(device.site, board) ? device.name : id;
}
/** What staff call a building. */
export function siteName(site, board) {
  return board.sites.find((one) => one.site === site)?.name || site;
}
