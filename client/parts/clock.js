/**
 * Clocks that keep themselves: `<cb-countdown>` runs down to an instant, `<cb-since>` up from one, `<cb-ago>` tells how
 * long ago something was and the exact time on touch. One ticker serves all of them, so that a second that passes renders nothing else.
 */
import { clockText } from "../core/time.js";
import { screen } from "../screen.js";
import { exact, relative } from "./words.js";

const clocks = new Set();
let timer = null;

function tick() {
  for (const clock of clocks) clock.show();
}

class Clock extends HTMLElement {
  connectedCallback() {
    clocks.add(this);
    timer ??= setInterval(tick, 1000);
    this.show();
  }

  disconnectedCallback() {
    clocks.delete(this);
    if (clocks.size === 0) {
      clearInterval(timer);
      timer = null;
    }
  }

  set at(ms) {
    this.instant = ms;
    if (this.isConnected) this.show();
  }
}

/** Time left until `at` (Unix ms), "02:41"; fires `run-out` once when it is over. */
class Countdown extends Clock {
  set at(ms) {
    this.over = false;
    super.at = ms;
  }

  show() {
    if (!this.instant) return;
    const left = Math.max(0, this.instant - (screen.app?.now() ?? Date.now()));
    const text = clockText(left);
    if (this.textContent !== text) this.textContent = text;
    if (left === 0 && !this.over) {
      this.over = true;
      this.dispatchEvent(new CustomEvent("run-out", { bubbles: true }));
    }
  }
}

/** Time passed since `at` (Unix ms), "02:41". */
class Since extends Clock {
  show() {
    if (!this.instant) return;
    const passed = Math.max(0, (screen.app?.now() ?? Date.now()) - this.instant);
    const text = clockText(Math.floor(passed / 1000) * 1000);
    if (this.textContent !== text) this.textContent = text;
  }
}

/** How long ago `at` (Unix ms) was, in words; a touch or a click shows the exact time instead, and back. */
class Ago extends Clock {
  connectedCallback() {
    this.classList.add("nowrap");
    this.addEventListener("click", () => {
      this.exactly = !this.exactly;
      this.show();
    });
    super.connectedCallback();
  }

  show() {
    if (!this.instant) return;
    const text = this.exactly ? exact(this.instant) : relative(this.instant);
    if (this.textContent !== text) {
      this.textContent = text;
      this.title = exact(this.instant);
    }
  }
}

customElements.define("cb-countdown", Countdown);
customElements.define("cb-since", Since);
customElements.define("cb-ago", Ago);
