/**
 * The client of Curbside for screens: one object that holds the session, the line, streams, outbox and drafts.
 *
 * This file may import only modules of `core/`. It knows no DOM: sockets, storage, clock, chance and WebCrypto are
 * passed in (`client/platform/` makes the browser's ones). What a screen may rely on is in this comment.
 *
 * ```js
 * import { createApp } from "./core/app.js";
 * import { browserParts } from "./platform/browser.js";   // {openSocket, storage, clock, random, crypto, locks, tabs,
 *                                                         //  network, visibility} of this browser
 * const app = createApp({ url: "wss://host/ws", api: createApi(...), ...browserParts() });
 * await app.start();              // GET /me; opens the line; app.session tells the outcome
 * ```
 *
 * SESSION   app.session -> {state: "starting"|"signed_out"|"signed_in"|"locked"|"unreachable", me, code?}
 *             "unreachable": /me could not be asked yet (no network); it is asked again by itself.
 *             "signed_out": show sign-in. After a sign-in call `app.start()` again. `code` is the reason, if one is known
 *               ("ended": the session was ended or the member suspended).
 *             "locked": idle for `idleMs` (15 min): key, drafts and waiting texts are out of memory. `await app.unlock()`.
 *           app.start()  app.signOut()  app.lock()  app.unlock()  app.active() (call on touch and key: keeps from locking)
 *           app.reloadMe() -> Promise<me>     after PATCH /me
 *           app.now() -> Unix ms by the service's clock: use it for every countdown (a device's clock may be wrong)
 *           app.flush() saves drafts at once (the browser parts call it when the page is hidden);  app.close() leaves
 *
 * LINE      app.line -> {state, since, waiting, failed, missing, done, total, retryAt, code}
 *             state   "connecting" (first time) | "online" | "catching-up" | "reconnecting" | "offline" | "ended"
 *             since   Unix ms at which the state began, for "offline" and "reconnecting" when the line was lost
 *             waiting messages kept on this device that the service has not confirmed; failed: refused ones
 *             missing/done/total  only in "catching-up": "3 of 12"
 *             retryAt Unix ms of the next attempt or null;  code: the final close code in "ended"
 *           app.reconnect()           a "try now" button
 *
 * STREAMS   app.subscribe(r) -> view      counted: as many `unsubscribe(r)` end it
 *           app.stream(r) -> view | null  a fresh immutable snapshot:
 *             r, epoch, pos, head, me (own pseudonym), read (own read cursor), unread
 *             phase   "loading" | "live" | "catching-up" | "stale" (line lost, shown from memory) | "error" | "gone"
 *                     (access withdrawn, or never) | "closed" (ended for good: history stays)
 *             missing number of events still to come; older: true if `loadOlder` has more; loadingOlder; error {code,msg}|null
 *             items   oldest first, what a conversation shows: Item[]
 *             people  {pseudonym: {read: seq, here: bool, typing: bool}} of the others;  someoneTyping, someoneHere
 *           Item {id, s, k, u, c, ts, d, mine, state, changed, removed, failure, canEdit, canDrop}
 *             id      stable key for rendering (the same before and after it is sent)
 *             state   "waiting" | "sending" | "failed" | "sent" | "read";  others' items: "received"
 *             s       null until sent;  u: pseudonym, null for the service itself
 *             changed null | {how: "edit"|"redact", at: Unix ms, afterRead: bool}
 *             removed true: the text was taken away (d is {})
 *             failure null | {code, msg, retry, d}      d.spans for "gate"
 *             `edit` and `redact` events are folded into their target and are no items themselves. A pending edit shows
 *             on its target: target.pendingChange = {c, k, d, state, failure} | null
 *           app.loadOlder(r) -> Promise<void>
 *           app.knowRead(r, s)            own read cursor as GET /consults/{r} gives it (`read`): marks what changed since
 *           app.reload(r)                 after phase "error"
 *
 * WRITING   app.publish(r, k, d) -> {c, promise}    promise: {s, r?} when committed (r: what was made); rejects with
 *                                                   {code, msg, retry, d} only when refused for good, or dropped
 *           app.retry(c)  app.edit(c, d) -> {c, promise}  app.drop(c) -> Promise<boolean>   for waiting and failed ones;
 *             a message that may have reached the service can be neither edited nor dropped (canEdit/canDrop false)
 *           app.outbox() -> Pending[]     {c, r, k, d, at, state, failure} of all streams ("me" too), oldest first
 *           app.typing(r)                 call on every keystroke, it thins itself out
 *           app.read(r, s)                the newest event on screen; thins itself out; ignored while hidden
 *           app.drafts.get(r) -> Promise<string>  .set(r, text)  .clear(r)  .list() -> Promise<{r: text}>
 *             key "new" or any other name may be used for forms: set("ask", JSON.stringify(form))
 *
 * INBOX     app.inbox() -> view (of one's own inbox stream)
 *           app.offers() -> Offer[]       standing ones {offer, specialty, question, language, urgency, ring, expires_at}
 *
 * EVENTS    app.on(name, fn) -> off       fn is called with the value named here, at most once a task for each name and r
 *           "session" session · "line" line · "stream" {r, view} · "offers" Offer[] · "me" me
 *           "inbox"   event (each durable inbox event once, as it comes; {s, k, d, ts, late: true if missed while away})
 *           "offer"   Offer (a new one: raise the sheet, alert) · "offer.gone" {offer, why}
 *           "event"   {r, event, late} each durable event of a subscribed stream once, as it comes (for alerts)
 *           "failed"  Pending (refused for good) · "sent" {c, r, k, s, made}
 *           "eph"     {r, k, u, d} ephemerals not understood here
 *
 *           "signed-out-elsewhere" another tab signed out: everything here is gone already
 *
 * PARTS     createApi (core/api.js): api.get(path), api.post(path, body), api.patch, api.put, api.delete -> Promise<json>,
 *             rejects with ApiError {code, msg, status, retry, fields?}; api.auth(path, {method, body}) for allauth headless
 *           strings (core/strings.js): `t = translator("sv", "Europe/Stockholm")`, t("line.offline", {time, count})
 *           time (core/time.js): `clockText(ms)` "02:41", `relativeText(...)`, `exactText(...)`
 *           gate (core/gate.js): `checkLocally(text)` and `marksOf(failure)` -> [{start, end, category, reason, rewrite}]
 */
import { Line } from "./line.js";
import { NotSent } from "./outbox.js";
import { Session } from "./session.js";
import { pendingOf } from "./work.js";

/**
 * Makes the client. Nothing happens before `start`.
 * @param {{url: string, api: object, openSocket: (url: string, protocols: string[]) => WebSocket,
 *   storage: import("./store.js").Store, crypto: Crypto, random?: () => number,
 *   clock: {now: () => number, mono: () => number, setTimeout: Function, clearTimeout: Function},
 *   locks?: LockManager|null, tabs?: {post: (m: object) => void, on: (fn: (m: object) => void) => () => void}|null,
 *   network?: {online: () => boolean, on: (fn: (online: boolean) => void) => () => void}|null,
 *   visibility?: {visible: () => boolean, on: (fn: (visible: boolean) => void) => () => void}|null,
 *   later?: (fn: () => void) => void, idleMs?: number}} parts
 */
export function createApp(parts) {
  return new App(parts);
}

class App extends Session {
  constructor(parts) {
    super(parts);
    this.drafts = draftsOf(this);
  }

  on(name, fn) {
    return this.emitter.on(name, fn);
  }

  now() {
    return this.clock.now() + this.api.skew();
  }

  // --- line and streams --------------------------------------------------------------------------------------------

  get line() {
    return this.work?.line.current ?? NO_LINE;
  }

  reconnect() {
    this.work?.driver.input({ type: "reconnect" });
  }

  subscribe(r) {
    this.counts.set(r, (this.counts.get(r) ?? 0) + 1);
    if (!this.work) return null;
    if (this.work.streams.want(r)) this.work.perform(this.work.streams.collect());
    return this.work.view(r);
  }

  unsubscribe(r) {
    const count = (this.counts.get(r) ?? 0) - 1;
    if (count > 0) this.counts.set(r, count);
    else this.counts.delete(r);
    if (count < 0 || !this.work) return;
    this.work.streams.unwant(r);
    this.work.perform(this.work.streams.collect());
  }

  stream(r) {
    return this.work?.view(r) ?? null;
  }

  loadOlder(r) {
    const stream = this.work?.streams.get(r);
    if (!stream?.askOlder()) return Promise.resolve();
    const done = new Promise((resolve) => {
      const off = this.on("stream", ({ r: other, view }) => {
        if (other !== r || view?.loadingOlder) return;
        off();
        resolve();
      });
    });
    this.work.perform(this.work.streams.collect());
    return done;
  }

  reload(r) {
    const stream = this.work?.streams.get(r);
    if (!stream) return;
    stream.restart();
    this.work.askSub(r);
    this.work.perform(this.work.streams.collect());
  }

  knowRead(r, s) {
    this.work?.streams.get(r)?.knowRead(s);
    this.work?.perform(this.work.streams.collect());
  }

  inbox() {
    return this.work?.view(this.session.me?.inbox ?? this.work.me.inbox) ?? null;
  }

  offers() {
    return this.work?.desk.offers.list(this.now()) ?? [];
  }

  // --- writing -----------------------------------------------------------------------------------------------------

  publish(r, k, d = {}) {
    return this.work?.outbox?.publish(r, k, d) ?? refused();
  }

  retry(c) {
    return this.work?.outbox?.retry(c) ?? refused();
  }

  edit(c, d) {
    return this.work?.outbox?.edit(c, d) ?? refused();
  }

  async drop(c) {
    return (await this.work?.outbox?.drop(c)) ?? false;
  }

  outbox() {
    return (this.work?.outbox?.list() ?? []).map(pendingOf);
  }

  typing(r) {
    this.work?.cursors.typing(r);
  }

  read(r, s) {
    if (this.parts.visibility?.visible() === false || this.session.state === "locked") return;
    if (!this.work?.streams.get(r)?.setRead(s)) return;
    this.work.cursors.read(r, s);
    this.work.show(r);
  }
}

const NO_LINE = Object.freeze(new Line(0).current);

/** The drafts of whoever is signed in; while locked or signed out there are none, and what is set is not kept. */
function draftsOf(app) {
  return Object.freeze({
    get: async (name) => (await app.keptDrafts?.get(name)) ?? "",
    set: (name, text) => app.keptDrafts?.set(name, text),
    clear: async (name) => app.keptDrafts?.clear(name),
    list: async () => (await app.keptDrafts?.list()) ?? {},
  });
}

function refused() {
  const promise = Promise.reject(new NotSent({ code: "locked", msg: "", retry: true, after: null, d: null }));
  promise.catch(() => undefined);
  return { c: null, promise };
}
