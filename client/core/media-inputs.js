/**
 * What each input does to the sound of a call, what becomes of a link by the state of its connection, and what each timer
 * does when it has come: tables that `media.js` acts by, with the medium as `this`. No effects.
 *
 * May import only `media-quality.js`.
 */
import { Quality } from "./media-quality.js";

export const TIMES = Object.freeze({
  answerMs: 10_000, // the service itself waits 8 s for its media worker
  connectMs: 5_000,
  goneMs: 1_000, // a connection that comes back within this was only late
  settleMs: 300, // a network that changes does so more than once
  steadyMs: 10_000,
  byPhoneMs: 5_000,
});
const OVER = new Set([401, 403, 404, 410, "call.ended", "call.second_factor", "media.no_leg"]);
const NOT_COUNTED = new Set([...OVER, 422, 429]); // offers that the service gave no number

/** What each input does. */
export const HANDLERS = {
  start() {
    this.begun = true;
    if (this.microphone === "live") this.offer();
    else this.out.push({ do: "microphone" });
  },

  tap() {
    const wanted = this.wants;
    this.wants = this.why = null;
    if (wanted) this.out.push({ do: "play" });
    if (this.microphone === null || this.microphone === "ended") this.out.push({ do: "microphone" });
  },

  /** What was carried elsewhere until now answers no more to what this page knew. */
  take() {
    if (this.end === "over") return;
    this.end = this.why = this.wants = null;
    this.marks.takeOver();
    this.begun = true;
    this.out.push({ do: "microphone" });
  },

  microphone({ state }) {
    const held = (one) => one === "muted" || one === "ended";
    if (held(state) !== held(this.microphone)) this.out.push({ do: "hold", held: held(state) });
    this.microphone = state;
    if (state === "ended") this.out.push({ do: "microphone" });
    else this.why = null;
    if (state !== "ended" && !this.using && !this.trying) this.offer();
  },

  refused({ why }) {
    if (why === "tap") this.wants = "tap";
    else this.why = why;
  },

  silent() {
    this.wants = "tap";
  },

  offered({ link, sdp }, now) {
    if (link !== this.trying?.link) return;
    this.marks.ask();
    this.timers.deadline = now + TIMES.answerMs;
    this.out.push({ do: "keep" }, { do: "send", link, sdp });
  },

  unmade({ link }, now) {
    if (link === this.trying?.link) this.again(now);
  },

  answered({ link, peer, sdp }, now) {
    const mine = this.marks.numbered(peer);
    this.out.push({ do: "keep" });
    if (!mine) return this.finish("elsewhere");
    if (link !== this.trying?.link) return;
    this.trying.answered = true;
    this.problem = null;
    this.timers.deadline = now + TIMES.connectMs;
    this.out.push({ do: "answer", link, sdp });
  },

  unanswered({ link, status, code, after = 0 }, now) {
    if (NOT_COUNTED.has(status) || NOT_COUNTED.has(code)) this.marks.refused();
    if (link !== this.trying?.link) return;
    this.problem = { code };
    if (OVER.has(status) || OVER.has(code)) return this.finish("over");
    this.again(now, after ?? 0);
  },

  connection({ link, state }, now) {
    const which = link === this.trying?.link ? "new" : link === this.using ? "used" : "old";
    CONNECTIONS[`${which} ${state}`]?.call(this, link, now);
  },

  network({ online }, now) {
    this.online = online;
    if (!this.begun) return;
    if (!online) return this.lose(now);
    this.tries = 0;
    this.timers.retry = now + TIMES.settleMs;
  },

  sample({ link, sample }, now) {
    if (link !== this.using) return;
    const before = this.quality.word;
    this.quality.add(sample);
    const lost = this.quality.word === "lost";
    if (!lost && sample.received > 0) this.hushed = false;
    if (!lost && before === "lost" && !this.gone) this.found();
    if (!lost || before === "lost") return;
    this.lose(now);
    if (this.hushed || this.trying || this.timers.retry !== null) return;
    this.hushed = true;
    this.again(now);
  },

  timer(_, now) {
    for (const name of Object.keys(this.timers)) {
      if (this.timers[name] === null || this.timers[name] > now) continue;
      this.timers[name] = null;
      DUE[name].call(this, now);
    }
  },

  stop() {
    this.finish("over");
  },
};

/** By which link it is and what became of its connection. */
const CONNECTIONS = {
  "new connected"(link, now) {
    if (this.using) this.out.push({ do: "close", link: this.using });
    this.using = link;
    this.trying = null;
    this.timers.deadline = null;
    this.timers.steady = now + TIMES.steadyMs;
    this.quality = new Quality();
    this.found();
    this.out.push({ do: "use", link });
  },
  "new failed"(_, now) {
    this.again(now);
  },
  "used connected"() {
    this.found();
  },
  "used disconnected"(_, now) {
    this.gone = true;
    this.lose(now);
    this.timers.gone = now + TIMES.goneMs;
  },
  "used failed"(link, now) {
    this.using = null;
    this.timers.gone = null;
    this.lose(now);
    this.out.push({ do: "close", link });
    if (!this.trying && this.timers.retry === null) this.again(now);
  },
};
CONNECTIONS["new closed"] = CONNECTIONS["new failed"];
CONNECTIONS["used closed"] = CONNECTIONS["used failed"];

/** What happens when which time has come. */
const DUE = {
  retry() {
    this.offer();
  },
  deadline(now) {
    this.again(now);
  },
  gone(now) {
    if (!this.trying && this.timers.retry === null) this.again(now);
  },
  steady() {
    this.tries = 0;
  },
  byPhone() {}, // what is shown changes
};
