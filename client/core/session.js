/**
 * Who is signed in on this device: begins, locks, unlocks and ends the work of one account.
 *
 * May import only modules of core. `app.js` adds to it what screens do once someone is signed in.
 */
import { backoffMs } from "./backoff.js";
import { Drafts } from "./drafts.js";
import { Emitter } from "./emitter.js";
import { Sealer, hiddenName, openSealer } from "./sealed.js";
import { memoryStore, prefixed } from "./store.js";
import { Work } from "./work.js";

const IDLE_MS = 15 * 60 * 1000;
const RECHECK_MS = 60_000;
const LEAVING = "leaving"; // {session}: signed out here, and the service could not be told yet
const LAST = "account"; // whose session was here last: what it left is unreadable once the session has ended
const NO_PARTS = { locks: null, tabs: null, network: null, visibility: null };

export class Session {
  constructor({ idleMs = IDLE_MS, ...given }) {
    this.parts = { random: Math.random, later: (work) => queueMicrotask(work), ...NO_PARTS, ...given };
    const { api, clock, storage, later, network, visibility, tabs } = this.parts;
    Object.assign(this, { api, clock, storage, idleMs });
    this.emitter = new Emitter(later);
    this.session = Object.freeze({ state: "starting", me: null });
    this.work = null;
    this.keptDrafts = null;
    this.starting = null;
    this.attempt = 0;
    this.checkedAt = -Infinity;
    this.timers = {};
    this.counts = new Map();
    this.offs = [
      network?.on((online) => this.work?.driver.input({ type: online ? "online" : "offline" })),
      visibility?.on((visible) => this.onVisible(visible)),
      tabs?.on((message) => this.onTab(message)),
    ];
  }

  /** Asks who is signed in, and opens the line if someone is. */
  start() {
    this.clock.clearTimeout(this.timers.start);
    this.starting ??= this.begin().finally(() => {
      this.starting = null;
    });
    return this.starting;
  }

  async begin() {
    try {
      const me = await this.api.get("/me");
      if (await this.hasLeft(me)) await this.leave();
      else await this.enter(me);
    } catch (error) {
      if (error.status === undefined) throw error;
      if (error.signedOut) return this.beNobody();
      this.become({ state: "unreachable", me: null, code: error.code });
      this.startLater(error.after);
    }
    return undefined;
  }

  /** Nobody is signed in: the session that was here, if there was one, has ended. */
  async beNobody() {
    const account = this.api.byToken ? null : await this.storage.get(LAST);
    if (account) await this.storage.clear(`a/${account}/`);
    await Promise.all([this.storage.delete(LAST), this.storage.delete(LEAVING)]);
    this.shut("signed_out");
  }

  startLater(after = null) {
    this.clock.clearTimeout(this.timers.start);
    const wait = backoffMs(this.attempt++, this.parts.random, after);
    this.timers.start = this.clock.setTimeout(() => void this.start(), wait);
  }

  async enter(me) {
    if (this.work) this.shut("starting");
    this.attempt = 0;
    if (!this.api.byToken) await this.storage.put(LAST, me.inbox);
    const now = () => this.clock.now() + this.api.skew();
    this.work = new Work({ ...this.parts, me, emitter: this.emitter, now, onEnded: (code) => void this.onEnded(code) });
    await this.unseal(me);
    for (const [r, count] of this.counts) for (let n = 0; n < count; n += 1) this.work.streams.want(r);
    this.work.start();
    this.become({ state: "signed_in", me });
    this.active();
  }

  /** Takes the key, and with it outbox and drafts. */
  async unseal(me) {
    const { crypto } = this.parts;
    const sealer = await openSealer(crypto, me.outbox_key, me.inbox);
    const store = sealer instanceof Sealer ? prefixed(this.storage, `a/${me.inbox}/`) : memoryStore();
    this.keptDrafts = new Drafts({ store, sealer, crypto, clock: this.clock });
    await this.work.useOutbox(store, sealer);
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** Leaves no trace of the account on this device, then tells the service. Rejects where that has to wait. */
  async signOut() {
    const { me } = this.session;
    await this.wipe();
    if (!me) return;
    this.parts.tabs?.post({ type: "signed_out", scope: me.inbox });
    await this.storage.put(LEAVING, { session: await this.sessionName(me) });
    await this.leave().catch((error) => {
      this.startLater();
      throw error;
    });
  }

  /** Drops what is in memory, lets writes that are under way end, then clears all that is stored of the account. */
  async wipe(code) {
    const account = this.session.me?.inbox;
    const writes = [this.keptDrafts?.discard(), this.work?.outbox?.writing];
    this.shut("signed_out", code);
    await Promise.allSettled(writes);
    if (account) await this.storage.clear(`a/${account}/`);
    if (!this.api.byToken) await this.storage.delete(LAST);
  }

  /** Ends the session at the service. Until that has worked, no start shows the account again. */
  async leave() {
    try {
      await this.api.auth("/auth/session", { method: "DELETE" });
    } catch (error) {
      if (!error.signedOut) throw error;
    }
    await this.storage.delete(LEAVING);
    if (this.session.state !== "signed_out") this.shut("signed_out");
  }

  /** Says whether this is the session that was left here; another one that began since may stay. */
  async hasLeft(me) {
    const left = await this.storage.get(LEAVING);
    if (!left) return false;
    if (left.session === (await this.sessionName(me))) return true;
    await this.storage.delete(LEAVING);
    return false;
  }

  /** The key is the session's own, so a digest of it tells sessions apart. Without WebCrypto all are one. */
  async sessionName(me) {
    const { crypto } = this.parts;
    return crypto.subtle ? hiddenName(crypto, `session\n${me.outbox_key}`) : "";
  }

  shut(state, code) {
    for (const timer of Object.values(this.timers)) this.clock.clearTimeout(timer);
    void this.keptDrafts?.flush();
    this.work?.close();
    this.work = null;
    this.keptDrafts = null;
    this.become({ state, me: null, ...(code ? { code } : {}) });
  }

  /** The line ended for good, or an answer said that nobody is signed in. Only /me knows what is true. */
  async onEnded(code) {
    if (code !== 4501 && code !== 4503) return;
    const now = this.clock.mono();
    if (now - this.checkedAt < RECHECK_MS) return;
    this.checkedAt = now;
    try {
      await this.api.get("/me");
      this.work?.driver.input({ type: "reconnect" });
    } catch (error) {
      if (error.signedOut) return this.wipe("ended");
      this.checkedAt = -Infinity;
      this.timers.ended = this.clock.setTimeout(() => void this.onEnded(code), RECHECK_MS / 4);
    }
    return undefined;
  }

  // --- the lock ----------------------------------------------------------------------------------------------------

  lock() {
    if (this.session.state !== "signed_in") return;
    void this.keptDrafts.flush();
    this.keptDrafts = null;
    this.work.useOutbox(null, null);
    this.clock.clearTimeout(this.timers.idle);
    this.become({ ...this.session, state: "locked" });
  }

  /** Asks the service for the key again. Rejects with ApiError; a session that has ended ends here too. */
  async unlock() {
    if (this.session.state !== "locked") return;
    const me = await this.api.get("/me").catch((error) => {
      if (error.signedOut) void this.wipe("ended");
      throw error;
    });
    if (me.inbox !== this.session.me?.inbox) return void (await this.enter(me));
    await this.unseal(me);
    this.become({ state: "signed_in", me });
    this.active();
  }

  /** Someone touched a key or the screen. */
  active() {
    this.clock.clearTimeout(this.timers.idle);
    if (this.session.state === "signed_in") this.timers.idle = this.clock.setTimeout(() => this.lock(), this.idleMs);
  }

  // --- around ------------------------------------------------------------------------------------------------------

  async reloadMe() {
    const me = await this.api.get("/me");
    if (this.session.me) this.become({ ...this.session, me });
    this.emitter.tell("me", me);
    return me;
  }

  become(session) {
    this.session = Object.freeze(session);
    this.emitter.changed("session", "", () => this.session);
  }

  onVisible(visible) {
    if (!visible) void this.flush();
    else if (this.session.state === "unreachable") void this.start();
    else this.work?.driver.input({ type: "wake" });
  }

  /** A tab that wrote after another had cleared would leave a trace: it clears again. */
  onTab(message) {
    if (message.scope !== this.session.me?.inbox) return;
    if (message.type !== "signed_out") return void this.work?.outbox?.onTab(message);
    void this.wipe();
    this.emitter.tell("signed-out-elsewhere", null);
  }

  flush() {
    return this.keptDrafts?.flush() ?? Promise.resolve();
  }

  close() {
    for (const off of this.offs) off?.();
    this.shut("starting");
  }
}
