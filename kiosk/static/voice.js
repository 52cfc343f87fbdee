// Reading aloud: plays the recordings of the texts that the screen shows, one after the other.

import { clip } from "/static/words.js";

const player = new Audio();
let waiting = [];

player.addEventListener("ended", next);
player.addEventListener("error", next);

function next() {
  const address = waiting.shift();
  if (!address) return;
  player.src = address;
  player.play().catch(() => {});
}

/** Say these texts, as far as there are recordings; what is being said is cut short unless told to wait. */
export function speak(texts, { wait = false } = {}) {
  const addresses = texts.flatMap((text) => clip(text?.trim()));
  if (!addresses.length) return;
  const busy = !player.paused && !player.ended;
  waiting = wait ? [...waiting, ...addresses] : addresses;
  if (!(wait && busy)) next();
}

/** Be silent at once. */
export function hush() {
  waiting = [];
  player.pause();
}
