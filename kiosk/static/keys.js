// A keypad or a keyboard alone: arrows walk through what can be pressed, and three keys have a meaning everywhere.

const WALK = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const MEANING = { F1: "help", Escape: "back", F3: "voice" };
const PLACES = "button:not([disabled]), [tabindex='0']";

/** Return what a finger could press now, in reading order. */
function reachable() {
  return [...document.querySelectorAll(PLACES)].filter((one) => one.checkVisibility() && !one.closest("[inert]"));
}

function walk(step) {
  const all = reachable();
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
  all[next]?.focus();
}

let typedByKey = false;

/** A key of a keypad is the same key on the screen; enter ends what was typed by keys, shown yet or not. */
function type(key, press) {
  if (key === "Enter" && typedByKey && document.querySelector("[data-press=enter]")) {
    typedByKey = false;
    press("enter");
    return true;
  }
  const what = /^\d$/.test(key) ? `[data-press=digit][data-arg="${key}"]` : key === "Backspace" ? "[data-press=rub_out]" : "";
  const button = what ? document.querySelector(`${what}:not([disabled])`) : null;
  typedByKey = Boolean(button);
  button?.click();
  return Boolean(button);
}

/** Listen to keys: `press` presses a button by name, `repeat` says the screen again. */
export function listen(press, repeat) {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (type(event.key, press)) { /* typed */ }
    else if (event.key in WALK) walk(WALK[event.key]);
    else if (event.key === "F2") repeat();
    else if (MEANING[event.key] === "back") document.querySelector("[data-press=back]")?.click();
    else if (event.key in MEANING) press(MEANING[event.key]);
    else return;
    event.preventDefault();
  });
}
