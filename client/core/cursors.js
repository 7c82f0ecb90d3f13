/**
 * What this side tells of itself in passing: typing and read cursors, thinned out. May import only `protocol.js`.
 */
import { frames } from "./protocol.js";

const TYPING_MS = 3000; // the service shows it for 5 s
const READ_MS = 800;

export class Cursors {
  /**
   * @param {{tell: (frame: object) => boolean,
   *   clock: {mono: () => number, setTimeout: Function, clearTimeout: Function}}} parts
   */
  constructor({ tell, clock }) {
    this.tell = tell;
    this.clock = clock;
    this.typedAt = new Map();
    this.unsent = new Map();
    this.timer = null;
  }

  typing(r) {
    const now = this.clock.mono();
    if (now - (this.typedAt.get(r) ?? -Infinity) < TYPING_MS) return;
    if (this.tell(frames.eph(r, "typing"))) this.typedAt.set(r, now);
  }

  /** The message was sent: the next keystroke is typing again. */
  sent(r) {
    this.typedAt.delete(r);
  }

  /** Own cursor moved; it is told soon, the newest only, and again when the line is back. */
  read(r, s) {
    this.unsent.set(r, s);
    this.timer ??= this.clock.setTimeout(() => this.flush(), READ_MS);
  }

  flush() {
    this.clock.clearTimeout(this.timer);
    this.timer = null;
    for (const [r, s] of this.unsent) {
      if (!this.tell(frames.eph(r, "read", { s }))) return;
      this.unsent.delete(r);
    }
  }

  close() {
    this.clock.clearTimeout(this.timer);
    this.unsent.clear();
  }
}
