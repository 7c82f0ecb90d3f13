/**
 * The offers that stand for this clinician: what the service listed, and what the inbox told since. May import nothing.
 */
export class Offers {
  constructor() {
    /** @type {Map<string, object>} */
    this.standing = new Map();
    this.gone = new Set();
  }

  /** Gives those that have not run out, the most urgent clock first. */
  list(now) {
    return [...this.standing.values()]
      .filter((offer) => offer.expires_at > now)
      .sort((a, b) => a.expires_at - b.expires_at);
  }

  /** Takes the list of the service; offers of which the inbox told the end meanwhile are left out. */
  reset(offers) {
    this.standing = new Map(offers.filter((one) => !this.gone.has(one.offer)).map((one) => [one.offer, one]));
  }

  /**
   * Takes one inbox event. Gives what it means: {made: offer}, {gone: {offer, why}} or null.
   */
  take(event, now) {
    const { k, d = {} } = event;
    if (k === "offer.made") {
      if (this.gone.has(d.offer) || this.standing.has(d.offer) || d.expires_at <= now) return null;
      this.standing.set(d.offer, { ...d });
      return { made: this.standing.get(d.offer) };
    }
    const why = { "offer.gone": d.why, "offer.accepted": "accepted", "offer.declined": "declined" }[k];
    if (why === undefined) return null;
    this.gone.add(d.offer);
    return this.standing.delete(d.offer) ? { gone: { offer: d.offer, why } } : null;
  }

  /** Gives when the next one runs out, or null. */
  dueAt(now) {
    const list = this.list(now);
    return list.length ? list[0].expires_at : null;
  }

  /** Drops those that have run out and gives them. */
  expire(now) {
    const over = [...this.standing.values()].filter((offer) => offer.expires_at <= now);
    for (const offer of over) this.standing.delete(offer.offer);
    return over;
  }
}

/** Keeps the offers current and tells screens of them. */
export class OfferDesk {
  /**
   * @param {{api: {get: (path: string) => Promise<any>}, emitter: import("./emitter.js").Emitter, now: () => number,
   *   again: (ms: number|null, work: () => void) => void}} parts  again: sets the one timer anew
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.offers = new Offers();
  }

  /** Asks for the standing offers: at the start, and when too much of the inbox was missed. */
  async load() {
    try {
      const json = await this.api.get("/offers");
      this.offers.reset(Array.isArray(json) ? json : (json.items ?? []));
      this.changed();
    } catch {
      return; // the inbox tells of new ones; the next page of it asks again
    }
  }

  /** One event of the inbox. */
  take(event) {
    const meant = this.offers.take(event, this.now());
    if (meant?.made) this.emitter.tell("offer", meant.made);
    if (meant?.gone) this.emitter.tell("offer.gone", meant.gone);
    if (meant) this.changed();
  }

  changed() {
    const now = this.now();
    for (const { offer } of this.offers.expire(now)) this.emitter.tell("offer.gone", { offer, why: "expired" });
    this.emitter.changed("offers", "", () => this.offers.list(this.now()));
    const due = this.offers.dueAt(now);
    this.again(due === null ? null : due - now + 50, () => this.changed());
  }
}
