/**
 * Loads pages of a stream's history over HTTP, and loads them again where waiting can help.
 * May import only `backoff.js`; the HTTP side and the clock are passed in.
 */
import { backoffMs } from "./backoff.js";

const PAGE = 50;

export class Pages {
  /**
   * @param {{api: {get: (path: string) => Promise<any>}, clock: {setTimeout: Function}, random: () => number,
   *   onSignedOut: () => void}} parts
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.closed = false;
  }

  /**
   * Loads one page. Goes on trying while `wanted()` says yes and the error is a passing one.
   * @param {string} r
   * @param {{before?: number}} where
   * @param {() => boolean} wanted
   * @returns {Promise<{page?: object, error?: object}>} neither: no longer wanted
   */
  async load(r, { before }, wanted) {
    const query = before === undefined ? "" : `&before=${before}`;
    for (let attempt = 0; wanted() && !this.closed; attempt += 1) {
      try {
        return { page: pageOf(await this.api.get(`/streams/${encodeURIComponent(r)}/events?limit=${PAGE}${query}`)) };
      } catch (error) {
        if (error.signedOut) this.onSignedOut();
        if (!error.retry) return { error: { code: error.code, msg: error.msg } };
        await this.pause(backoffMs(attempt, this.random, error.after));
      }
    }
    return {};
  }

  pause(ms) {
    return new Promise((resolve) => void this.clock.setTimeout(resolve, ms));
  }
}

/** A page is {items, e, head, me, read, reads}; a bare list is one with nothing but items. */
function pageOf(json) {
  const page = Array.isArray(json) ? { items: json } : json;
  return { ...page, items: page.items ?? page.events ?? [] };
}
