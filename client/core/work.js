/**
 * Everything of one signed-in account: its line, streams, outbox, drafts and offers, put together.
 *
 * May import only modules of core. Made by `app.js` at sign-in, closed at sign-out.
 */
import { Cursors } from "./cursors.js";
import { Driver } from "./driver.js";
import { Line } from "./line.js";
import { OfferDesk } from "./offers.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { frames, makeUuid, readRefusal } from "./protocol.js";
import { Streams } from "./streams.js";
import { Views } from "./view.js";

const SUB_AGAIN_MS = 1000;

export class Work {
  /**
   * @param {object} parts see `createApp`; besides: me, emitter, now (Unix ms of the service), onEnded(code)
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.streams = new Streams();
    this.views = new Views();
    this.line = new Line(this.clock.now());
    this.outbox = null;
    this.sent = new Map();
    this.wantSubs = new Set();
    this.timers = {};
    this.closed = false;
    this.pages = new Pages({
      api: this.api,
      clock: this.clock,
      random: this.random,
      onSignedOut: () => this.onEnded(4501),
    });
    this.driver = new Driver({
      url: this.url,
      openSocket: this.openSocket,
      clock: this.clock,
      random: this.random,
      dev: makeUuid(this.crypto),
      askTicket: () =>
        this.api.ticket().catch((error) => Promise.reject({ final: error.signedOut === true, code: error.code })),
      subs: () => this.streams.subs(),
      applied: () => this.streams.positions(),
      onAction: (action) => this.onAction(action),
    });
    const again = (ms, work) => this.again("offers", ms, work);
    this.desk = new OfferDesk({ api: this.api, emitter: this.emitter, now: this.now, again });
    this.cursors = new Cursors({ tell: (frame) => this.driver.tell(frame), clock: this.clock });
  }

  /** Opens the line and follows the inbox. */
  start() {
    this.streams.want(this.me.inbox);
    this.streams.collect();
    this.driver.input({ type: this.network?.online() === false ? "offline" : "online" });
    this.driver.input({ type: "start" });
    this.updateLine();
    void this.desk.load();
  }

  /** Gives the outbox to work with; null while locked. */
  useOutbox(store, sealer) {
    this.outbox?.close();
    this.outbox =
      sealer &&
      new Outbox({
        store,
        sealer,
        crypto: this.crypto,
        clock: this.clock,
        random: this.random,
        locks: this.locks,
        tabs: this.tabs && { post: (message) => this.tabs.post({ ...message, scope: this.me.inbox }) },
        transmit: ({ r, c, k, d }) => this.driver.request((i) => frames.pub({ i, r, c, k, d }), { kind: "pub", c }),
        onChange: (r) => this.onKept(r),
        onSettled: (entry, answer) => this.onSettled(entry, answer),
        onFailed: (entry) => this.emitter.tell("failed", pendingOf(entry)),
      });
    if (!this.outbox) return this.updateLine();
    return this.outbox.reload().then(() => {
      if (this.driver.connection.state === "up") this.outbox?.lineUp();
      this.updateLine();
    });
  }

  close() {
    this.closed = true;
    this.pages.closed = true;
    this.cursors.close();
    this.outbox?.close();
    for (const timer of Object.values(this.timers)) this.clock.clearTimeout(timer);
    this.driver.input({ type: "stop" });
  }

  // --- from the line -----------------------------------------------------------------------------------------------

  onAction(action) {
    if (this.closed) return;
    if (action.do === "up") this.onUp();
    else if (action.do === "down") this.onDown();
    else if (action.do === "reply") this.onReply(action.tag, action.frame);
    else if (action.do === "frame") this.perform(this.streams.onFrame(action.frame, this.now()));
    else if (action.do === "ended") this.onEnded(action.code);
    this.updateLine();
  }

  onUp() {
    this.outbox?.lineUp();
    this.cursors.flush();
  }

  onDown() {
    this.outbox?.lineDown();
    this.perform(this.streams.onDown(this.now()));
  }

  onReply(tag, frame) {
    if (tag.kind === "sub") this.onSubReply(tag.subs, frame);
    else if (tag.kind === "pub" && frame.err) this.outbox?.refuse(tag.c, readRefusal(frame.err));
    else if (tag.kind === "pub") this.outbox?.confirm(tag.c, { s: frame.s, ...(frame.d?.r ? { r: frame.d.r } : {}) });
  }

  onSubReply(subs, frame) {
    if (!frame.err) {
      this.perform(this.streams.onRooms(frame.rooms ?? [], subs));
      for (const r of this.streams.forgotten(subs)) this.askSub(r);
      return undefined;
    }
    const { code, msg, retry, after } = readRefusal(frame.err);
    if (!retry) return this.perform(this.streams.onSubRefused(subs, { code, msg }));
    this.streams.onSubFailed(subs);
    this.clock.setTimeout(
      () => subs.forEach((sub) => this.streams.get(sub.r) && this.askSub(sub.r)),
      after ?? SUB_AGAIN_MS,
    );
    return undefined;
  }

  // --- what streams wish -------------------------------------------------------------------------------------------

  perform(wishes) {
    for (const wish of wishes) WISHES[wish.do].call(this, wish);
  }

  /** Wishes to subscribe are gathered for one frame. */
  askSub(r) {
    if (this.wantSubs.size === 0) this.later(() => this.sendSubs());
    this.wantSubs.add(r);
  }

  sendSubs() {
    const subs = [...this.wantSubs]
      .map((r) => this.streams.get(r))
      .filter((one) => one && !one.ended)
      .map((one) => one.position());
    this.wantSubs.clear();
    if (subs.length === 0) return;
    if (this.driver.request((i) => frames.sub({ i, subs }), { kind: "sub", subs })) this.streams.onAsked(subs);
    else this.streams.onSubFailed(subs); // the next `hello` has them
  }

  async loadPage({ r, token }) {
    const wanted = () => this.streams.get(r)?.page === token;
    const { page, error } = await this.pages.load(r, {}, wanted);
    if (!wanted() || this.closed) return;
    if (page) this.streams.get(r).onPage(token, page);
    else if (error) this.streams.get(r).onPageFailed(token, error);
    if (page && r === this.me.inbox) void this.desk.load();
    for (const entry of this.outbox?.list() ?? []) this.confirmByHistory(entry);
    this.perform(this.streams.collect());
    this.updateLine();
  }

  async loadOlder({ r, before, token }) {
    const wanted = () => this.streams.get(r)?.older === token;
    const { page } = await this.pages.load(r, { before }, wanted);
    this.streams.get(r)?.onOlder(token, page?.items ?? null);
    this.perform(this.streams.collect());
  }

  /** An own event that came proves that its `pub` was committed, whatever became of the answer. */
  confirmByHistory(entry) {
    const stream = this.streams.get(entry.r === "me" ? this.me.inbox : entry.r);
    const s = stream?.history.byC.get(entry.c);
    if (s !== undefined) this.outbox.confirm(entry.c, { s });
  }

  onEvent({ r, event, late }) {
    if (event.c && this.outbox?.queue.get(event.c)) {
      this.outbox.confirm(event.c, { s: event.s, ...(event.d?.r ? { r: event.d.r } : {}) });
    }
    if (r === this.me.inbox) this.onInbox(event, late);
    else this.emitter.tell("event", { r, event, late });
  }

  onInbox(event, late) {
    this.desk.take(event);
    this.emitter.tell("inbox", { ...event, late });
  }

  // --- the outbox --------------------------------------------------------------------------------------------------

  onKept(r) {
    this.show(r);
    this.updateLine();
  }

  /** Until the event itself comes, the confirmed message stands where it was, as sent. */
  onSettled(entry, answer) {
    const stream = this.streams.get(entry.r);
    if (stream && answer.s !== null && !(stream.pos >= answer.s)) {
      this.sent.set(entry.r, [...(this.sent.get(entry.r) ?? []), { entry, s: answer.s }]);
    }
    this.cursors.sent(entry.r);
    this.emitter.tell("sent", { c: entry.c, r: entry.r, k: entry.k, s: answer.s, made: answer.r });
  }

  // --- what screens see --------------------------------------------------------------------------------------------

  view(r) {
    const stream = this.streams.get(r);
    if (!stream) return null;
    const sent = (this.sent.get(r) ?? []).filter(({ s }) => !(stream.pos >= s));
    if (sent.length) this.sent.set(r, sent);
    else this.sent.delete(r);
    const kept = (this.outbox?.list() ?? []).filter((entry) => entry.r === r);
    const may = (name) => (entry) => this.outbox[name](entry);
    return this.views.of(stream, { kept, sent, canEdit: may("canEdit"), canDrop: may("canDrop"), now: this.now() });
  }

  show(r) {
    if (!this.streams.get(r)) return;
    this.emitter.changed("stream", r, () => ({ r, view: this.view(r) }));
    const now = this.now();
    const ends = [...this.streams.get(r).people.values()].flatMap((person) => [person.typingUntil, person.hereUntil]);
    const next = ends.filter((at) => at > now && at < Infinity);
    this.again(`people ${r}`, next.length ? Math.min(...next) - now + 20 : null, () => this.show(r));
  }

  updateLine() {
    if (this.closed) return;
    const now = this.clock.now();
    const parts = {
      connection: this.driver.connection,
      progress: this.streams.progress(),
      kept: this.outbox?.list() ?? [],
      now,
      mono: this.clock.mono(),
    };
    if (this.line.update(parts)) this.emitter.changed("line", "", () => this.line.current);
    this.again("line", this.line.dueIn(now), () => this.updateLine());
  }

  /** Sets a named timer anew. */
  again(name, ms, work) {
    this.clock.clearTimeout(this.timers[name]);
    delete this.timers[name];
    if (ms === null || this.closed) return;
    this.timers[name] = this.clock.setTimeout(() => {
      delete this.timers[name];
      work();
    }, ms);
  }
}

const WISHES = {
  sub({ r }) {
    this.askSub(r);
  },
  unsub({ r }) {
    this.driver.request((i) => frames.sub({ i, un: [r] }), { kind: "unsub" });
  },
  page(wish) {
    void this.loadPage(wish);
  },
  older(wish) {
    void this.loadOlder(wish);
  },
  event(wish) {
    this.onEvent(wish);
  },
  view({ r }) {
    this.show(r);
  },
  eph({ r, k, u, d }) {
    this.emitter.tell("eph", { r, k, u, d });
  },
};

/** A kept entry as screens see it. */
export function pendingOf({ c, r, k, d, at, state, failure }) {
  return { c, r, k, d, at, state, failure };
}
