// Things in hand: by mouse, by finger, or chosen from a menu with the keyboard.

import { SPOTS, WIDTH } from "./draw.js";

const FAR = 5;

export class Drag {
  constructor(hall) { this.hall = hall; }

  /** Let a thing be taken. */
  hold(node, plan) {
    node.addEventListener("pointerdown", (event) => this.#take(event, node, plan));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.hall.menu(node, plan); }
    });
  }

  #take(event, node, plan) {
    if (event.button) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    const scale = WIDTH / plan.node.getBoundingClientRect().width;
    const [x, y, size] = parts(node.dataset.where);
    const start = { x: event.clientX, y: event.clientY };
    let moved = false, spot = null;

    const move = (now) => {
      const dx = now.clientX - start.x, dy = now.clientY - start.y;
      if (!moved && Math.hypot(dx, dy) < FAR) return;
      if (!moved) { moved = true; node.classList.add("held"); plan.layer.append(node); plan.node.classList.add("dragging"); }
      node.style.transform = `translate(${x + dx * scale}px, ${y + dy * scale}px) scale(${Math.max(size, 1) * 1.06})`;
      spot = this.#under(plan, now, node);
    };
    const end = (now) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      this.#glow(plan, null);
      plan.node.classList.remove("dragging");
      node.classList.remove("held");
      node.style.transform = node.dataset.where;
      if (!moved && now.type === "pointerup") this.hall.menu(node, plan);
      else if (spot) this.hall.dropped(node, plan, spot);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  /** Find what is under the hand: a person (for a book), else a spot; make it glow. */
  #under(plan, event, node) {
    const box = plan.node.getBoundingClientRect(), scale = WIDTH / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let found = null;
    if (node.dataset.item) {
      for (const [key, other] of plan.things) {
        if (!other.dataset.reader) continue;
        const [px, py] = parts(other.dataset.where);
        if (x > px - 6 && x < px + 88 && y > py - 8 && y < py + 66) found = { reader: key, node: other };
      }
    }
    if (!found) {
      const wanted = node.dataset.item
        ? ["pad", "scanner", "chute", "shelf"] : ["card", "scanner", "gate", "floor", "street"];
      const kind = wanted.find((one) => within(SPOTS[one], x, y, one === "card" || one === "scanner" ? 10 : 4));
      if (kind) found = { kind, node: plan.node.querySelector(`[data-spot="${kind}"]`) };
    }
    this.#glow(plan, found?.node);
    return found;
  }

  #glow(plan, node) {
    for (const one of plan.node.querySelectorAll(".glow")) if (one !== node) one.classList.remove("glow");
    node?.classList.add("glow");
  }
}

function within(spot, x, y, slack) {
  return x > spot.x - slack && x < spot.x + spot.w + slack && y > spot.y - slack && y < spot.y + spot.h + slack;
}

function parts(where) {
  return where.match(/-?[\d.]+/g).map(Number);
}
