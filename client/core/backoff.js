/**
 * When to try again: exponential, with full jitter, so that a thousand clients that lost one server do not come back
 * in one instant. May import nothing.
 */

export const RECONNECT = Object.freeze({ baseMs: 500, capMs: 30_000 });
export const RESEND = Object.freeze({ baseMs: 400, capMs: 15_000 });

/**
 * Gives the wait before attempt number `attempt` (0 is the first).
 * @param {number} attempt
 * @param {() => number} random in [0, 1)
 * @param {number|null} afterMs what the server asked for; never undercut, and jittered a little on top
 * @param {{baseMs: number, capMs: number}} shape
 * @returns {number} ms
 */
export function backoffMs(attempt, random, afterMs = null, shape = RECONNECT) {
  const ceiling = Math.min(shape.capMs, shape.baseMs * 2 ** Math.min(attempt, 16));
  if (afterMs !== null && afterMs > 0) return afterMs + random() * Math.min(ceiling, 1000);
  return random() * ceiling;
}
