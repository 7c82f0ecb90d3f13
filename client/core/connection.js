/**
 * The life of the one line to the service, as a value: inputs and the time go in, actions come out. It opens no socket,
 * reads no clock and sets no timer; `driver.js` does what the actions say.
 *
 * May import only `connection-inputs.js`, `protocol.js` and `backoff.js`.
 *
 * States: idle -> ticket -> opening -> greeting -> up, from any of them to waiting (will try again) or ended (will not).
 *
 * Inputs (`handle(input, now)`, now in ms of a clock that does not jump):
 *   start | stop | reconnect | wake | online | offline | timer
 *   ticket {tok, lifetimeMs|null} | ticketFailed {final, code}
 *   opened {socket} | text {socket, text} | closed {socket, code}
 * Actions:
 *   {do: "ticket"}                    ask for a ticket, answer with `ticket` or `ticketFailed`
 *   {do: "open", socket}              open a socket; its inputs carry this number, older ones are ignored
 *   {do: "send", socket, frames}      {do: "close", socket, code}
 *   {do: "up"} {do: "down", code}     the line is there, is gone (every request without an answer is void)
 *   {do: "reply", tag, frame}         the answer to a request
 *   {do: "frame", frame}              ev, eph, hb with heads, bye with r
 *   {do: "line"}                      `state` changed
 *   {do: "ended", code, msg}
 */
import { backoffMs } from "./backoff.js";
import { HANDLERS, NOT_SIGNED_IN, TIMES, TOKEN_EXPIRED } from "./connection-inputs.js";
import { frames, isFinal } from "./protocol.js";

export class Connection {
  /**
   * @param {{dev: string, random: () => number, subs: () => object[], applied: () => object}} parts
   *   dev: a random name of this device or tab; subs: what to subscribe in `hello`, with positions; applied: positions
   *   for the answer to a heartbeat
   */
  constructor({ dev, random, subs, applied }) {
    this.dev = dev;
    this.random = random;
    this.subs = subs;
    this.applied = applied;
    this.state = "idle";
    this.socket = 0;
    this.attempt = 0;
    this.everUp = false;
    this.endCode = null;
    this.hintOffline = false;
    this.ticket = null;
    this.heartbeatS = TIMES.heartbeatS;
    this.requests = new Map();
    this.nextRequest = 1;
    /** What happens when which time has come; null: never. */
    this.timers = {
      retry: null,
      ticket: null,
      open: null,
      hello: null,
      silence: null,
      probe: null,
      renew: null,
      steady: null,
    };
    this.out = [];
  }

  /** Takes one input and gives the actions that follow from it. */
  handle(input, now) {
    const stale = input.socket !== undefined && input.socket !== this.socket;
    if (!stale) HANDLERS[input.type].call(this, input, now);
    return this.drain();
  }

  /** Gives the time at which `{type: "timer"}` is due, or null. */
  nextTimer() {
    const due = Object.values(this.timers).filter((at) => at !== null);
    return due.length ? Math.min(...due) : null;
  }

  /** Time of the next attempt while waiting, or null. */
  get retryAt() {
    return this.state === "waiting" ? this.timers.retry : null;
  }

  /**
   * Sends a frame that wants an answer. Gives null when the line is not up: nothing was sent then.
   * @param {(i: number) => object} make
   * @param {object} tag comes back in the `reply`
   */
  request(make, tag) {
    if (this.state !== "up") return null;
    this.ask(make, tag);
    return this.drain();
  }

  /** Sends a frame without an answer; null when the line is not up. */
  tell(frame) {
    if (this.state !== "up") return null;
    this.send(frame);
    return this.drain();
  }

  drain() {
    const out = this.out;
    this.out = [];
    return out;
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.out.push({ do: "line" });
  }

  send(...list) {
    this.out.push({ do: "send", socket: this.socket, frames: list });
  }

  ask(make, tag) {
    const i = this.nextRequest++;
    this.requests.set(i, tag);
    this.send(make(i));
  }

  clearTimers() {
    for (const name of Object.keys(this.timers)) this.timers[name] = null;
  }

  /** Begins an attempt: with the ticket at hand if it lasts, else by asking for one. */
  attemptNow(now) {
    this.clearTimers();
    if (this.ticket && (this.ticket.until === null || this.ticket.until > now + TIMES.openMs)) {
      this.open(now);
      return;
    }
    this.ticket = null;
    this.timers.ticket = now + TIMES.ticketMs;
    this.out.push({ do: "ticket" });
    this.become("ticket");
  }

  open(now) {
    this.clearTimers();
    this.socket += 1;
    this.timers.open = now + TIMES.openMs;
    this.out.push({ do: "open", socket: this.socket });
    this.become("opening");
  }

  /** Leaves the socket, if there is one, and forgets what was asked on it. */
  leave(code) {
    const wasUp = this.state === "up";
    if (["opening", "greeting", "up"].includes(this.state)) this.out.push({ do: "close", socket: this.socket, code });
    this.socket += 1;
    this.requests.clear();
    this.clearTimers();
    if (wasUp) this.out.push({ do: "down", code });
  }

  /** The line is lost: ends for good on a final code, else waits for the next attempt. */
  lose(code, now, { afterMs = null, msg = "", atOnce = false } = {}) {
    this.leave(code);
    if (isFinal(code)) {
      this.endCode = code;
      if (code === NOT_SIGNED_IN) this.ticket = null;
      this.become("ended");
      this.out.push({ do: "ended", code, msg });
      return;
    }
    if (code === TOKEN_EXPIRED) this.ticket = null;
    const wait = atOnce ? 0 : backoffMs(this.attempt, this.random, afterMs);
    this.attempt += 1;
    this.timers.retry = now + wait;
    this.become("waiting");
    this.out.push({ do: "line" });
  }

  greet(now) {
    const subs = this.subs();
    this.ask((i) => frames.hello({ i, tok: this.ticket?.tok ?? null, dev: this.dev, subs }), { kind: "hello", subs });
    this.timers.open = null;
    this.timers.hello = now + TIMES.helloMs;
    this.become("greeting");
  }

  /** The answer to the first `hello`: the line is up, and the answer to the subscriptions is in it. */
  welcome(frame, tag, now) {
    if (frame.err) {
      if (frame.err.retry) this.lose(4000, now, { afterMs: (frame.err.after ?? 0) * 1000 || null });
      else this.lose(NOT_SIGNED_IN, now, { msg: frame.err.msg ?? "" });
      return;
    }
    if (typeof frame.d?.hb_s === "number" && frame.d.hb_s > 0) this.heartbeatS = frame.d.hb_s;
    this.timers.hello = null;
    this.timers.steady = now + TIMES.steadyMs;
    this.everUp = true;
    this.endCode = null;
    this.planRenewal(now);
    this.heard(now);
    this.become("up");
    this.out.push({ do: "up" }, { do: "reply", tag: { kind: "sub", subs: tag.subs }, frame });
  }

  /** A new ticket is fetched in the last third of the old one's life, not by all clients at once. */
  planRenewal(now) {
    if (!this.ticket || this.ticket.until === null) return;
    this.timers.renew = now + Math.max(0, this.ticket.until - now) * (0.66 + 0.14 * this.random());
  }

  heard(now) {
    this.timers.probe = null;
    this.timers.silence = now + this.heartbeatS * 1300 + TIMES.answerMs;
  }

  /** Asks for a sign of life by subscribing again from where we stand, which also closes any gap. */
  probe(now) {
    if (this.timers.probe !== null) return;
    const subs = this.subs().filter((sub) => sub.p !== undefined);
    this.ask((i) => frames.sub({ i, subs }), { kind: "sub", subs });
    this.timers.probe = now + TIMES.probeMs;
  }

  receive(frame, now) {
    if (frame.t === "re") return this.answered(frame, now);
    if (frame.t === "hb") {
      if (frame.n !== undefined) this.send(frames.hb(frame.n, this.applied()));
      if (frame.h) this.out.push({ do: "frame", frame });
      return undefined;
    }
    if (frame.t === "bye" && !frame.r) {
      const afterMs = typeof frame.after === "number" ? frame.after * 1000 : null;
      return this.lose(Number(frame.code) || 4000, now, { afterMs, msg: frame.msg ?? "" });
    }
    if (["ev", "eph", "bye"].includes(frame.t)) this.out.push({ do: "frame", frame });
    return undefined;
  }

  answered(frame, now) {
    const tag = this.requests.get(frame.i);
    if (tag === undefined) return;
    this.requests.delete(frame.i);
    if (tag.kind === "hello") this.welcome(frame, tag, now);
    else if (tag.kind === "renew") this.renewed(frame, now);
    else this.out.push({ do: "reply", tag, frame });
  }

  renewed(frame, now) {
    if (frame.err) this.timers.renew = now + TIMES.renewAgainMs;
    else this.planRenewal(now);
  }
}
