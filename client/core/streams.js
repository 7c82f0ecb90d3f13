/**
 * All subscribed streams of this client: what to subscribe, what to do with what comes. Inputs in, wishes out.
 *
 * May import only `stream.js`. The wishes are those of `stream.js`, and {do: "unsub", r}.
 */
import { Stream } from "./stream.js";

const MOST = 120; // of 128 subscriptions that a connection may have

export class Streams {
  constructor() {
    /** @type {Map<string, Stream>} */
    this.all = new Map();
    this.out = [];
  }

  get(r) {
    return this.all.get(r) ?? null;
  }

  /** Counts one more who wants the stream. Says whether it is new, and has to be subscribed if the line is up. */
  want(r) {
    const known = this.all.get(r);
    if (known) {
      known.wanted += 1;
      return false;
    }
    const stream = new Stream(r);
    stream.wanted = 1;
    this.all.set(r, stream);
    this.out.push({ do: "sub", r });
    stream.onAsked();
    return true;
  }

  /** Counts one less; with the last one the subscription and its memory go. */
  unwant(r) {
    const stream = this.all.get(r);
    if (!stream || --stream.wanted > 0) return;
    this.all.delete(r);
    if (!stream.ended) this.out.push({ do: "unsub", r });
  }

  /** Gives what `hello` subscribes. */
  subs() {
    const open = [...this.all.values()].filter((stream) => !stream.ended);
    const [inbox, ...others] = open; // the first one wanted; of the others the latest, as many as may be
    return [...(inbox ? [inbox] : []), ...others.slice(-(MOST - 1))].map((stream) => stream.position());
  }

  /** Gives what was applied, for the answer to a heartbeat. */
  positions() {
    const held = [...this.all.values()].filter((stream) => stream.pos !== null && !stream.ended);
    return Object.fromEntries(held.map((stream) => [stream.r, stream.pos]));
  }

  /** A `sub` or `hello` with these subscriptions has been sent. */
  onAsked(subs) {
    for (const sub of subs) this.all.get(sub.r)?.onAsked();
  }

  /** The answer to it: a room for each stream that one may see; for the others a `bye` follows. */
  onRooms(rooms, subs) {
    for (const room of rooms) {
      const sub = subs.find((one) => one.r === room.r) ?? { r: room.r };
      this.all.get(room.r)?.onRoom(room, sub);
    }
    this.onSubFailed(subs.filter((sub) => !rooms.some((room) => room.r === sub.r)));
    return this.collect();
  }

  /** Gives the streams that came to be wanted while these were being asked for, and are subscribed nowhere. */
  forgotten(subs) {
    const asked = new Set(subs.map((sub) => sub.r));
    return [...this.all.values()]
      .filter((one) => one.down && !one.asked && !one.ended && !asked.has(one.r))
      .map((one) => one.r);
  }

  /** The subscription was refused for good. */
  onSubRefused(subs, error) {
    for (const sub of subs) this.all.get(sub.r)?.onRefused(error);
    return this.collect();
  }

  /** The subscription was refused as a whole (too many, too fast): it may be asked again. */
  onSubFailed(subs) {
    for (const sub of subs) {
      const stream = this.all.get(sub.r);
      if (stream) stream.asked = false;
    }
  }

  /** A frame that is no reply. `now` in Unix ms, for what expires. */
  onFrame(frame, now) {
    const stream = this.all.get(frame.r);
    if (frame.t === "hb") return this.onHeads(frame.h);
    if (!stream) return [];
    if (frame.t === "ev") stream.onEvent(frame);
    else if (frame.t === "bye") stream.onBye(frame.code);
    else if (frame.t === "eph") return this.onEphemeral(stream, frame, now);
    return this.collect();
  }

  /** Heads that a heartbeat told, for streams that are behind them. */
  onHeads(heads) {
    for (const [r, head] of Object.entries(heads ?? {})) this.all.get(r)?.onHead(head);
    return this.collect();
  }

  onEphemeral(stream, frame, now) {
    const { k, u, d = {} } = frame;
    if (k === "typing" && u) stream.meet(u, { typingUntil: now + (Number(d.for_ms) || 5000) });
    else if (k === "here" && u) stream.meet(u, { hereUntil: d.here === false ? 0 : Infinity });
    else if (k === "read" && u === stream.me && u) stream.setRead(Number(d.s)) && stream.show();
    else if (k === "read" && u) stream.meet(u, { read: Number(d.s) || 0 });
    else this.out.push({ do: "eph", r: frame.r, k, u: u ?? null, d });
    return this.collect();
  }

  onDown(now) {
    for (const stream of this.all.values()) stream.onDown(now);
    return this.collect();
  }

  /** Gives how far catching up has come, over all streams. */
  progress() {
    let missing = 0;
    let total = 0;
    for (const stream of this.all.values()) {
      if (stream.phase !== "catching-up") continue;
      missing += stream.missing;
      total += Math.max(stream.total, stream.missing);
    }
    return { missing, total, done: total - missing };
  }

  /** Takes the wishes of all streams, in the order in which they came for each. */
  collect() {
    const wishes = this.out;
    this.out = [];
    for (const stream of this.all.values()) {
      if (stream.wishes.length === 0) continue;
      wishes.push(...stream.wishes);
      stream.wishes = [];
    }
    return wishes;
  }
}
