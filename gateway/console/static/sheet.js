// What opens over the page: an entry, an item, a machine, a reader's record, a day at the gates.

import { ask } from "./acts.js";
import { deviceSheet } from "./device.js";
import { entrySheet } from "./evidence.js";
import { itemSheet } from "./item.js";
import { recordSheet } from "./record.js";
import { trafficSheet } from "./traffic.js";

const FRAME = 100;
/** A visit is played in steps of so many ms. */

/** Return what the page does with its sheet. `at` gives the board of now, `show` puts content into a place. */
export function sheets(view, at, show) {
  const dialog = document.getElementById("sheet");
  const contents = {
    entry: ({ found }) => entrySheet(found, at(), view), item: ({ key, found }) => itemSheet(key, found, at(), view.me),
    device: (one) => deviceSheet(one.found, at(), view.me, one), record: ({ key, found }) => recordSheet(key, found),
    traffic: ({ found }) => trafficSheet(found, at()),
  };
  let playing = 0;

  function draw() {
    const one = view.sheet;
    if (!one?.found && one?.kind !== "record") return;
    show("sheet", contents[one.kind](one));
    if (!dialog.open) dialog.showModal();
  }

  async function open(kind, key, url) {
    view.sheet = { kind, key, found: null };
    if (url) view.sheet.found = await ask(url);
    draw();
  }

  /** Ask again for what is open and may have changed. */
  async function again() {
    const one = view.sheet;
    if (!["device", "entry"].includes(one?.kind) || !dialog.open) return;
    const found = await ask(one.kind === "device" ? `/api/devices/${one.key}` : `/api/worklist/${one.key}`);
    if (found && view.sheet === one) { one.found = found; draw(); }
  }

  async function command(device, deed, args = {}) {
    if (!(await ask("/api/commands", { device, do: deed, args }))) return;
    view.sheet.ask = null;
    await again();
  }

  function stop() { clearInterval(playing); }

  function play() {
    stop();
    const one = view.sheet;
    one.at = 0;
    playing = setInterval(() => {
      one.at = Math.min(one.visit.length, one.at + FRAME);
      if (one.at >= one.visit.length || view.sheet !== one) stop();
      draw();
    }, FRAME);
  }

  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => { view.sheet = null; stop(); });
  return { draw, open, again, command, play, stop, close: () => dialog.close() };
}
