// The first answer to a finger: the button sinks in at once; whatever is more work waits for that paint.

const ANSWER_MS = 150;
const UNSEEN_MS = 400;
let at = -Infinity;
let held = null;

for (const what of ["pointerdown", "pointerup", "click", "keydown"]) {
  addEventListener(what, () => { at = performance.now(); }, { capture: true, passive: true });
}

/** Say whether a finger or a key came so lately that its answer may not be painted yet. */
export function tapped() {
  return performance.now() - at < ANSWER_MS;
}

/** Do something right after the next paint, or soon where nothing is painted (a sleeping screen). */
export function afterPaint(what) {
  let done = false;
  const once = () => { if (!done) { done = true; what(); } };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, UNSEEN_MS);
}

/** Keep a button sunk in until the next screen comes or the finger slides off. */
export function hold(button) {
  letGo();
  if (!button || button.disabled) return;
  held = button;
  held.dataset.held = "";
}

/** Let the button up again. */
export function letGo() {
  if (held) delete held.dataset.held;
  held = null;
}

addEventListener("pointercancel", letGo);
