/**
 * What the bar at the top tells of the line: one value from the state of the connection, the streams and the outbox.
 * May import nothing.
 */

/** After this long without a line it is called "offline" rather than "reconnecting". */
const OFFLINE_AFTER_MS = 15_000;

/**
 * @typedef {{state: "connecting"|"online"|"catching-up"|"reconnecting"|"offline"|"ended", since: number,
 *   waiting: number, failed: number, missing: number, done: number, total: number, retryAt: number|null,
 *   code: number|null}} LineState
 */

export class Line {
  /** @param {number} now Unix ms */
  constructor(now) {
    this.lostAt = now;
    this.current = {
      state: "connecting",
      since: now,
      waiting: 0,
      failed: 0,
      missing: 0,
      done: 0,
      total: 0,
      retryAt: null,
      code: null,
    };
  }

  /**
   * Works out the state anew. Says whether anything changed.
   * @param {{connection: object, progress: object, kept: object[], now: number, mono: number}} parts
   */
  update({ connection, progress, kept, now, mono }) {
    if (connection.state === "up") this.lostAt = null;
    else this.lostAt ??= now;
    const state = this.stateOf(connection, progress, now);
    const since = state === this.current.state ? this.current.since : (this.lostAt ?? now);
    const next = {
      state,
      since,
      waiting: kept.filter((entry) => entry.state !== "failed").length,
      failed: kept.filter((entry) => entry.state === "failed").length,
      ...(state === "catching-up" ? progress : { missing: 0, done: 0, total: 0 }),
      retryAt: connection.retryAt === null ? null : Math.round(now + connection.retryAt - mono),
      code: state === "ended" ? connection.endCode : null,
    };
    const same = Object.keys(next).every((key) =>
      key === "retryAt" ? near(next[key], this.current[key]) : next[key] === this.current[key],
    );
    if (!same) this.current = next;
    return !same;
  }

  stateOf(connection, progress, now) {
    if (connection.state === "up") return progress.missing > 0 ? "catching-up" : "online";
    if (connection.state === "ended") return "ended";
    const long = now - this.lostAt >= OFFLINE_AFTER_MS;
    if (connection.hintOffline || (long && connection.attempt > 0)) return "offline";
    return connection.everUp ? "reconnecting" : "connecting";
  }

  /** Gives in how many ms the state may change by time alone, or null. */
  dueIn(now) {
    if (this.lostAt === null || this.current.state === "offline" || this.current.state === "ended") return null;
    return Math.max(0, this.lostAt + OFFLINE_AFTER_MS - now) + 10;
  }
}

/** An instant worked out from two clocks wavers by a millisecond or two. */
function near(a, b) {
  return a === b || (a !== null && b !== null && Math.abs(a - b) < 50);
}
