/**
 * The sound of one call on this device, as a value: inputs and the time go in, actions come out. It opens no microphone
 * and no connection, reads no clock and sets no timer; `call-media.js` does what the actions say.
 *
 * May import only `media-inputs.js`, `media-marks.js` and `media-quality.js`.
 *
 * A *link* is one peer connection of this page, numbered from 1; a *peer* is what the service calls it, numbered over all
 * devices. A link that is made anew takes over when it is connected, and the one before is closed only then.
 *
 * `state`: asking -> connecting -> sound <-> poor, lost (a new link is being made), held (the system has the microphone),
 *   tap (the browser wants a touch), blocked (no microphone), elsewhere (another page carries it), over.
 *
 * Inputs (`handle(input, now)`, now in ms of a clock that does not jump):
 *   start | tap | take                     begin; the touch it waited for; have the sound here though it is elsewhere
 *   microphone {state}                     "live", "muted" by the system, "ended"
 *   refused {why}                          no microphone: "denied", "none", "taken", or "tap" where a touch is wanted
 *   silent                                 the browser plays no sound without a touch
 *   offered {link, sdp} | unmade {link}    the offer is complete, or could not be made
 *   answered {link, peer, sdp} | unanswered {link, status, code, retry, after}
 *   connection {link, state}               as RTCPeerConnection.connectionState
 *   network {online}                       it changed
 *   sample {link, sample}                  see `media-quality.js`
 *   timer | stop
 * Actions:
 *   {do: "microphone"} {do: "play"}        open it; play again, there was a touch
 *   {do: "offer", link}                    make a connection and gather; answer with `offered` or `unmade`
 *   {do: "send", link, sdp}                post the offer; answer with `answered` or `unanswered`
 *   {do: "answer", link, sdp}              {do: "use", link} this one is heard now   {do: "close", link}
 *   {do: "keep"}                           `marks` changed: they have to outlive the page
 *   {do: "hold", held}                     the line is held, or no longer
 *   {do: "changed"}                        what a screen shows has changed
 */
import { HANDLERS, TIMES } from "./media-inputs.js";
import { Marks } from "./media-marks.js";
import { Quality } from "./media-quality.js";

const AGAIN_MS = [250, 1_000, 2_000, 4_000];

export class Media {
  /** @param {object} [kept] what `marks` was when the page went: a reload is no other device */
  constructor(kept) {
    this.marks = new Marks(kept);
    this.microphone = null;
    this.why = null;
    this.wants = null; // "tap" while the browser waits for a touch
    this.link = 0;
    this.trying = null; // {link, answered}
    this.using = null;
    this.gone = false; // what is used has no connection at this moment
    this.goneAt = null;
    this.tries = 0;
    this.online = true;
    this.begun = false;
    this.end = null; // "elsewhere" or "over"
    this.problem = null;
    this.quality = new Quality();
    this.hushed = false; // a new link was made because nothing came; another would change nothing
    this.timers = { retry: null, deadline: null, gone: null, steady: null, byPhone: null };
    this.out = [];
    this.shown = "";
  }

  /** Takes one input and gives the actions that follow from it. */
  handle(input, now) {
    if (!this.end || input.type === "take" || input.type === "stop") HANDLERS[input.type].call(this, input, now);
    const shown = JSON.stringify([this.state, this.byPhone, this.why, this.problem?.code]);
    if (shown !== this.shown) this.out.push({ do: "changed" });
    this.shown = shown;
    return this.out.splice(0);
  }

  /** Gives the time at which `{type: "timer"}` is due, or null. */
  nextTimer() {
    const due = Object.values(this.timers).filter((at) => at !== null);
    return due.length ? Math.min(...due) : null;
  }

  get state() {
    if (this.end) return this.end;
    if (this.why) return "blocked";
    if (this.wants) return "tap";
    if (this.microphone === "muted" || (this.microphone === "ended" && this.using)) return "held";
    if (!this.using) return this.goneAt !== null ? "lost" : this.trying?.answered ? "connecting" : "asking";
    if (this.gone || this.quality.word === "lost") return "lost";
    return this.quality.word === "poor" ? "poor" : "sound";
  }

  /** Whether to lead to the telephone: it is there always, and here it is the better way. */
  get byPhone() {
    const late = this.timers.byPhone === null && (this.goneAt !== null || this.tries > 1);
    return this.state === "blocked" || this.state === "poor" || (late && ["lost", "asking", "connecting"].includes(this.state));
  }

  // --- what several inputs lead to -----------------------------------------------------------------------------------

  /** Make a new link; what is used goes on until that one is connected. */
  offer() {
    this.timers.retry = null;
    if (this.end || !this.begun || !this.online || this.microphone === null || this.microphone === "ended") return;
    if (this.trying) this.out.push({ do: "close", link: this.trying.link });
    this.link += 1;
    this.trying = { link: this.link, answered: false };
    this.timers.deadline = null;
    this.out.push({ do: "offer", link: this.link });
  }

  again(now, after = 0) {
    if (this.trying) this.out.push({ do: "close", link: this.trying.link });
    this.trying = null;
    this.timers.deadline = null;
    const wait = AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)];
    this.tries += 1;
    this.timers.retry = now + Math.max(wait, after);
  }

  lose(now) {
    if (this.goneAt !== null) return;
    this.goneAt = now;
    this.timers.byPhone = now + TIMES.byPhoneMs;
  }

  found() {
    this.goneAt = this.timers.byPhone = this.timers.gone = null;
    this.gone = false;
  }

  finish(end) {
    for (const link of [this.trying?.link, this.using]) if (link) this.out.push({ do: "close", link });
    this.trying = this.using = null;
    this.end = end;
    for (const name of Object.keys(this.timers)) this.timers[name] = null;
  }
}
