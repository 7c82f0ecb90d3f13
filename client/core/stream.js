/**
 * One subscribed stream: where it stands, what it waits for, who is there. Inputs in, wishes out.
 *
 * May import only `history.js`. What it wants done it puts into `wishes`, which `streams.js` collects:
 *   {do: "sub", r}                      subscribe again from `position()`
 *   {do: "page", r, token}              load the newest page, answer with `onPage` or `onPageFailed`
 *   {do: "older", r, before, token}     load a page before that number
 *   {do: "event", r, event, late}       a durable event was applied for the first time
 *   {do: "view", r}                     what is shown of it changed
 *
 * The rule of the wire: `s == pos+1` apply, `s <= pos` ignore, `s > pos+1` subscribe again from `pos`.
 */
import { History } from "./history.js";

/** Events kept while the newest page is on its way; beyond it the page is asked for anew. */
const BUFFER = 2000;

/** After a reconnect the service tells anew who is here, up to 30 s late; until then the last word stands. */
const HERE_GRACE_MS = 35_000;

export class Stream {
  constructor(r) {
    this.r = r;
    this.wanted = 0;
    this.epoch = null;
    this.pos = null;
    this.head = 0;
    this.me = null;
    this.read = 0;
    this.phase = "loading";
    this.error = null;
    this.history = new History();
    this.people = new Map();
    this.total = 0;
    this.loadingOlder = false;
    this.asked = false;
    this.down = true;
    this.page = null;
    this.older = null;
    this.buffer = new Map();
    this.lateUntil = 0;
    this.nextToken = 1;
    this.wishes = [];
  }

  get ended() {
    return this.phase === "gone" || this.phase === "closed";
  }

  get missing() {
    return this.pos === null ? 0 : Math.max(0, this.head - this.pos);
  }

  get reader() {
    return { read: this.read, me: this.me };
  }

  /** Gives what `sub` says of this stream: from where, or nothing known yet. */
  position() {
    if (this.pos === null || this.epoch === null || this.page !== null) return { r: this.r };
    return { r: this.r, p: this.pos, e: this.epoch };
  }

  wish(wish) {
    this.wishes.push({ ...wish, r: this.r });
  }

  show() {
    this.wish({ do: "view" });
  }

  /** A `sub` for it has been sent; until its answer comes a gap is no news. */
  onAsked() {
    this.asked = true;
  }

  /**
   * The answer to a subscription.
   * @param {{e: string, s: number, rec: number, me?: string}} room
   * @param {{p?: number}} sub what was asked
   */
  onRoom(room, sub) {
    this.asked = false;
    this.down = false;
    this.error = null;
    this.me = room.me ?? this.me;
    this.lateUntil = room.s;
    const recovered = sub.p !== undefined && room.rec && room.e === this.epoch && this.page === null;
    this.epoch = room.e;
    this.head = recovered ? Math.max(this.head, room.s) : room.s;
    if (recovered) this.settle();
    else this.loadPage();
    this.show();
  }

  loadPage() {
    this.buffer.clear();
    this.page = this.nextToken++;
    if (!this.ended) this.phase = this.pos === null ? "loading" : "catching-up";
    this.total = Math.max(0, this.head - (this.pos ?? this.head));
    this.wish({ do: "page", token: this.page });
  }

  /** Sets the phase by what is missing. */
  settle() {
    if (this.ended || this.page !== null || this.pos === null) return;
    if (this.down) {
      this.phase = "stale";
      return;
    }
    const missing = this.missing;
    if (missing === 0) this.total = 0;
    else this.total = Math.max(this.total, missing);
    this.phase = missing === 0 ? "live" : "catching-up";
  }

  /** One durable event from the line. */
  onEvent(event) {
    if (this.page !== null) {
      if (this.buffer.size >= BUFFER) this.loadPage();
      else this.buffer.set(event.s, event);
      return;
    }
    if (this.pos === null || event.s <= this.pos) return;
    this.head = Math.max(this.head, event.s);
    if (event.s === this.pos + 1) this.apply(event);
    else this.repair();
    this.settle();
    this.show();
  }

  apply(event) {
    this.pos = event.s;
    this.history.add(event, this.reader);
    const person = this.people.get(event.u);
    if (person) this.people.set(event.u, { ...person, typingUntil: 0 });
    this.wish({ do: "event", event, late: event.s <= this.lateUntil });
  }

  repair() {
    if (this.asked || this.ended || this.down) return;
    this.asked = true;
    this.wish({ do: "sub" });
  }

  /** The head as a heartbeat tells it: the tail may have been lost without a later event to show it. */
  onHead(head) {
    if (this.pos === null || this.page !== null || head <= this.pos) return;
    this.head = Math.max(this.head, head);
    this.repair();
    this.settle();
    this.show();
  }

  /**
   * The newest page has come.
   * @param {number} token
   * @param {{items: object[], e?: string, me?: string, read?: number, reads?: object}} page
   */
  onPage(token, page) {
    if (token !== this.page) return;
    this.page = null;
    this.error = null;
    const before = page.e === undefined || page.e === this.epoch ? this.pos : null;
    const epochMoved = page.e !== undefined && this.epoch !== null && page.e !== this.epoch;
    this.me = page.me ?? this.me;
    this.setRead(page.read ?? 0);
    this.setReads(page.reads ?? {});
    const items = [...page.items].sort((a, b) => a.s - b.s);
    this.history.reset(items, this.reader);
    this.pos = items.length ? items[items.length - 1].s : 0;
    if (epochMoved) this.epoch = page.e;
    for (const event of items) if (before !== null && event.s > before) this.wish({ do: "event", event, late: true });
    this.flush();
    if (epochMoved) this.repair();
    this.settle();
    this.show();
  }

  /** Applies what came while the page was on its way. */
  flush() {
    const waiting = [...this.buffer.values()].sort((a, b) => a.s - b.s);
    this.buffer.clear();
    for (const event of waiting) {
      this.head = Math.max(this.head, event.s);
      if (event.s === this.pos + 1) this.apply(event);
    }
    this.head = Math.max(this.head, this.pos);
    if (this.head > this.pos) this.repair();
  }

  /** The page could not be loaded and will not be by waiting. */
  onPageFailed(token, error) {
    if (token !== this.page) return;
    this.page = null;
    this.error = error;
    if (!this.ended) this.phase = error.code === "not_found" ? "gone" : "error";
    this.show();
  }

  onRefused(error) {
    this.asked = false;
    this.error = error;
    if (!this.ended) this.phase = "error";
    this.show();
  }

  askOlder() {
    if (this.loadingOlder || !this.history.older || this.page !== null) return null;
    this.loadingOlder = true;
    const token = this.nextToken++;
    this.older = token;
    this.wish({ do: "older", before: this.history.oldest, token });
    this.show();
    return token;
  }

  onOlder(token, items) {
    if (token !== this.older) return;
    this.loadingOlder = false;
    if (items) this.history.prepend(items, this.reader);
    this.show();
  }

  /** The subscription has ended; the socket lives. */
  onBye(code) {
    this.asked = false;
    this.phase = code === 4506 ? "closed" : "gone";
    this.people.clear();
    if (code !== 4506) this.page = null;
    if (code === 4506 && (this.pos === null || this.pos < this.head) && this.page === null) this.loadPage();
    this.show();
  }

  /** Begins again, after an error or when access may have come back. */
  restart() {
    this.phase = "loading";
    this.error = null;
    this.pos = null;
    this.page = null;
    this.asked = false;
    this.show();
  }

  /** The line is lost: what is shown is from memory now. */
  onDown(now) {
    this.asked = false;
    this.down = true;
    if (this.phase !== "error") this.settle();
    if (this.phase === "catching-up") this.phase = "stale";
    for (const [name, person] of this.people) {
      const hereUntil = Math.min(person.hereUntil, now + HERE_GRACE_MS);
      this.people.set(name, { ...person, hereUntil, typingUntil: 0 });
    }
    this.show();
  }

  /** Own read cursor, only ever forward. Says whether it moved. */
  setRead(s) {
    if (!(s > this.read)) return false;
    this.read = s;
    return true;
  }

  setReads(reads) {
    for (const [name, s] of Object.entries(reads)) if (name !== this.me) this.meet(name, { read: s });
  }

  /** The own cursor as the service keeps it, learnt from elsewhere than a page: what changed beyond it was read before. */
  knowRead(s) {
    if (!this.setRead(s)) return;
    this.history.markRead(s);
    this.show();
  }

  /** Changes what is known of someone else here; a read cursor only goes forward. */
  meet(name, change) {
    const person = this.people.get(name) ?? { read: 0, hereUntil: 0, typingUntil: 0 };
    const read = Math.max(person.read, change.read ?? 0);
    this.people.set(name, { ...person, ...change, read });
    this.show();
  }
}
