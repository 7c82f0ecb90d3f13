/**
 * The order in which kept messages go out, as a value: no storage, no socket, the time passed in.
 *
 * May import only `backoff.js`. In each stream one message is under way at a time and the next waits for its answer:
 * with more, one that is told "busy" would be overtaken by the next. Streams do not wait for each other.
 */
import { RESEND, backoffMs } from "./backoff.js";

export const PACE = Object.freeze({
  inFlight: 8, // of 32 that the service allows a connection
  ratePerS: 4, // of 5 that it allows a member
  burst: 10, // of 15
  answerMs: 20_000, // then the same message is sent again: a time-out is not a failure
  internalTries: 10, // a fault of the service that does not go away is shown to the author
});

/**
 * @typedef {{c: string, r: string, k: string, d: object, at: number, order: number,
 *   state: "waiting"|"sending"|"failed", tried: boolean, uncertain: boolean, failure: object|null,
 *   attempts: number, notBefore: number, sentAt: number}} Kept
 *   order: its place, rising on one device; tried: may have reached the service; uncertain: failed, but may be stored
 */

/** Makes an entry. @returns {Kept} */
export function keep(fields) {
  return {
    state: "waiting",
    tried: false,
    uncertain: false,
    failure: null,
    attempts: 0,
    notBefore: 0,
    sentAt: 0,
    ...fields,
  };
}

export class Queue {
  /** @param {() => number} random */
  constructor(random) {
    this.random = random;
    /** @type {Map<string, Kept>} */
    this.entries = new Map();
    this.holdUntil = 0;
    this.tokens = PACE.burst;
    this.filledAt = null;
  }

  get(c) {
    return this.entries.get(c);
  }

  /** Gives all entries, oldest first. */
  list() {
    return [...this.entries.values()].sort((a, b) => a.order - b.order || (a.c < b.c ? -1 : 1));
  }

  add(entry) {
    this.entries.set(entry.c, entry);
  }

  remove(c) {
    this.entries.delete(c);
  }

  /** Says whether anything wants to be sent, now or later. */
  get busy() {
    return this.list().some((entry) => entry.state !== "failed");
  }

  /** The first entry of each stream that is not refused for good. */
  firsts() {
    const firsts = new Map();
    for (const entry of this.list()) if (entry.state !== "failed" && !firsts.has(entry.r)) firsts.set(entry.r, entry);
    return [...firsts.values()];
  }

  /** Takes the entries that are to be sent now; they are "sending" from here on. */
  next(now) {
    this.fill(now);
    for (const entry of this.entries.values()) {
      if (entry.state === "sending" && entry.sentAt + PACE.answerMs <= now) entry.state = "waiting";
    }
    const taken = [];
    let inFlight = this.list().filter((entry) => entry.state === "sending").length;
    for (const entry of this.firsts()) {
      if (now < this.holdUntil || inFlight >= PACE.inFlight || this.tokens < 1) break;
      if (entry.state !== "waiting" || entry.notBefore > now) continue;
      entry.state = "sending";
      entry.sentAt = now;
      entry.attempts += 1;
      this.tokens -= 1;
      inFlight += 1;
      taken.push(entry);
    }
    return taken;
  }

  /** Gives the time at which `next` may have something, or null. */
  dueAt(now) {
    const firsts = this.firsts();
    const sending = firsts.filter((entry) => entry.state === "sending");
    const times = sending.map((entry) => entry.sentAt + PACE.answerMs);
    if (sending.length < PACE.inFlight) {
      const waiting = firsts.filter((entry) => entry.state === "waiting");
      times.push(...waiting.map((entry) => Math.max(entry.notBefore, this.holdUntil, this.tokensAt(now))));
    }
    return times.length ? Math.min(...times) : null;
  }

  fill(now) {
    const passed = this.filledAt === null ? 0 : Math.max(0, now - this.filledAt);
    this.tokens = Math.min(PACE.burst, this.tokens + (passed / 1000) * PACE.ratePerS);
    this.filledAt = now;
  }

  tokensAt(now) {
    return this.tokens >= 1 ? now : now + Math.ceil(((1 - this.tokens) / PACE.ratePerS) * 1000);
  }

  /** The service refused an entry. Says whether it is refused for good. */
  refuse(c, refusal, now) {
    const entry = this.entries.get(c);
    if (!entry) return false;
    const tiresome = refusal.code === "internal" && entry.attempts >= PACE.internalTries;
    if (refusal.retry && !tiresome) {
      const wait = backoffMs(entry.attempts - 1, this.random, refusal.after, RESEND);
      if (refusal.code === "rate") this.holdUntil = now + wait;
      Object.assign(entry, { state: "waiting", notBefore: now + wait });
      return false;
    }
    Object.assign(entry, { state: "failed", failure: refusal, uncertain: tiresome });
    return true;
  }

  /** The line is lost: what was under way waits again, under the same `c`. */
  lost() {
    this.holdUntil = 0;
    for (const entry of this.entries.values()) {
      if (entry.state === "sending") Object.assign(entry, { state: "waiting", notBefore: 0, attempts: 0 });
    }
  }
}
