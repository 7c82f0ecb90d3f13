/**
 * What each input does to the line, and each of its timers when it has come: tables that `connection.js` acts by, with
 * the connection as `this`. No effects.
 *
 * May import only `protocol.js`.
 */
import { CLOSE_NORMAL, decode, frames } from "./protocol.js";

export const TIMES = Object.freeze({
  ticketMs: 15_000,
  openMs: 12_000,
  helloMs: 10_000,
  probeMs: 5_000,
  steadyMs: 10_000,
  renewAgainMs: 15_000,
  heartbeatS: 25,
  answerMs: 10_000,
});

export const NOT_SIGNED_IN = 4501;
const NO_HEARTBEAT = 4003;
export const TOKEN_EXPIRED = 4014;

/** What each timer does when it has come. */
const DUE = {
  retry(now) {
    this.attemptNow(now);
  },
  ticket(now) {
    this.lose(1006, now);
  },
  open(now) {
    this.lose(1006, now);
  },
  hello(now) {
    this.lose(1006, now);
  },
  silence(now) {
    this.lose(NO_HEARTBEAT, now);
  },
  probe(now) {
    this.lose(NO_HEARTBEAT, now, { atOnce: true });
  },
  steady() {
    this.attempt = 0;
  },
  renew(now) {
    this.timers.renew = now + TIMES.renewAgainMs;
    this.out.push({ do: "ticket" });
  },
};

/** What each input does. */
export const HANDLERS = {
  start(_input, now) {
    if (this.state !== "idle" && this.state !== "ended") return;
    this.attempt = 0;
    this.attemptNow(now);
  },
  stop() {
    this.leave(CLOSE_NORMAL);
    this.ticket = null;
    this.everUp = false;
    this.endCode = null;
    this.become("idle");
  },
  reconnect(_input, now) {
    if (this.state === "waiting" || this.state === "ended") {
      this.attempt = 0;
      this.attemptNow(now);
    } else if (this.state === "up") this.probe(now);
  },
  wake(input, now) {
    if (this.state === "waiting" || this.state === "up") HANDLERS.reconnect.call(this, input, now);
  },
  online(input, now) {
    this.hintOffline = false;
    this.out.push({ do: "line" });
    HANDLERS.wake.call(this, input, now);
  },
  offline(_input, now) {
    this.hintOffline = true;
    this.out.push({ do: "line" });
    if (this.state === "up") this.probe(now);
  },
  ticket({ tok, lifetimeMs }, now) {
    if (this.state === "idle" || this.state === "ended") return;
    this.ticket = { tok, until: lifetimeMs === null ? null : now + lifetimeMs };
    if (this.state === "ticket") this.open(now);
    else if (this.state === "up") this.ask((i) => frames.hello({ i, tok, dev: this.dev }), { kind: "renew" });
  },
  ticketFailed({ final }, now) {
    if (this.state === "ticket") this.lose(final ? NOT_SIGNED_IN : 1006, now);
    else if (this.state === "up" && final) this.lose(NOT_SIGNED_IN, now);
  },
  opened(_input, now) {
    if (this.state === "opening") this.greet(now);
  },
  text({ socket, text }, now) {
    if (this.state === "up") this.heard(now);
    for (const frame of decode(text)) {
      if (socket !== this.socket) break; // a frame before this one ended the line
      this.receive(frame, now);
    }
  },
  closed({ code }, now) {
    if (["opening", "greeting", "up"].includes(this.state)) this.lose(code ?? 1006, now);
  },
  timer(_input, now) {
    for (const name of Object.keys(this.timers)) {
      const at = this.timers[name];
      if (at === null || at > now) continue;
      this.timers[name] = null;
      DUE[name].call(this, now);
    }
  },
};
