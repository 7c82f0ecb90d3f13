/**
 * Asking for a call, once, now or not at all. A call must never be made out of the blue by what a phone kept while it
 * slept: so it is not asked for without a line, it is taken back where it cannot have reached the service, and it
 * carries `until`, past which the service itself refuses it.
 *
 * May import nothing. A double tap is one call: the outbox sends the same `c`, and the screen asks once.
 */

export const START = Object.freeze({ patienceMs: 8_000, untilMs: 20_000 });

/** Why nothing was asked for. `code` "offline": nothing has reached the service, and nothing rings. */
export class NotAsked extends Error {
  constructor() {
    super("offline");
    Object.assign(this, { code: "offline", msg: "", retry: true, d: null });
  }
}

/**
 * Asks for a call. Resolves with {r} when the service has taken it; rejects with NotAsked, or with its refusal.
 * @param {object} app core/app.js: line, now(), publish, drop
 * @param {object} order {clinic, caller_id, patient | number, to, way, looked}
 * @param {{setTimeout: Function, clearTimeout: Function}} [clock]
 */
export async function startCall(app, order, clock = globalThis) {
  const { r } = await askNow(app, "me", "call.start", { ...order, until: Math.round(app.now() + START.untilMs) }, clock);
  return { r };
}

/** The same for any command that rings a telephone. @param {string} to "me" or a call @param {string} kind @param {object} d */
export async function askNow(app, to, kind, d, clock = globalThis) {
  if (!["online", "catching-up"].includes(app.line.state)) throw new NotAsked();
  const { c, promise } = app.publish(to, kind, d);
  const timer = clock.setTimeout(() => void app.drop(c), START.patienceMs);
  try {
    return await promise;
  } catch (error) {
    // What was refused for good must not lie in the outbox as something that was not sent.
    if (error.code !== "dropped") await app.drop(c);
    throw error.code === "dropped" ? new NotAsked() : error;
  } finally {
    clock.clearTimeout(timer);
  }
}
