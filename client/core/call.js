/**
 * A masked call as a screen shows it: folded from the durable events of the call's stream, so that a phone that slept
 * and woke shows the truth. May import nothing.
 *
 * Two lanes, "clinician" and "patient". Within an attempt a leg only rises, as in the service's own machine, so that an
 * event that comes twice or late changes nothing; a newer attempt (a second trunk, a handover) begins its lane anew.
 */

const RISES = ["idle", "dialing", "ringing", "answered", "confirmed", "ended"];

/** Causes that say that the far phone was not reached, whichever side it was. */
const UNANSWERED = new Set(["no_answer", "busy", "declined", "unreachable", "voicemail", "no_key"]);

/**
 * @typedef {{n: number, leg: string, reached: string, cause: string|null, until: number|null, at: Record<string, number>}} Lane
 *   leg: where it stands; reached: how far it came before it ended; until: Unix ms at which its clock runs out, if the
 *   service told; at: Unix ms at which it came to each
 * @typedef {{phase: "waiting"|"clinician"|"patient"|"connected"|"ending"|"ended", started: object|null, startedAt: number|null,
 *   clinician: Lane, patient: Lane, attempts: Lane[], moving: boolean, unheard: boolean, held: boolean, bridgedAt: number|null,
 *   maxS: number|null, ending: object|null, ended: object|null, endedAt: number|null, outcome: object|null}} Call
 *   attempts: all of the clinician, each with its `way`; moving: the call is about to go on another way; unheard: the
 *   service hears nothing of the clinician's browser; held: it has both sides hear that the line is held
 */

/**
 * Folds the items of a stream's view (`app.stream(r).items`), oldest first.
 * @param {{k: string, d: object, ts: number, s: number|null}[]} items pending ones of one's own, without `s`, are left out
 * @returns {Call}
 */
export function foldCall(items) {
  const call = {
    started: null, startedAt: null, clinician: lane(0), patient: lane(0), attempts: [], way: "callback", unheard: false, held: false,
    bridgedAt: null, maxS: null, ending: null, ended: null, endedAt: null, outcome: null,
  };
  for (const item of items) if (item.s !== null) STEPS[item.k]?.(call, item.d, item.ts);
  return Object.freeze({ ...call, moving: isMoving(call), phase: phaseOf(call) });
}

function lane(n) {
  return { n, leg: "idle", reached: "idle", cause: null, until: null, at: {} };
}

const STEPS = {
  "call.started"(call, d, ts) {
    const way = d.way ?? call.way;
    Object.assign(call, { started: d, startedAt: ts, way, attempts: [{ ...lane(1), way }] });
    call.clinician = call.attempts[0];
  },
  "call.leg"(call, d, ts) {
    if (d.side === "patient") call.patient = risen(call.patient, d, ts);
    else if (d.side === "clinician") rise(call, d, ts);
  },
  "call.hand_over"(call, d) {
    call.way = d.way;
    rise(call, { n: call.attempts.length ? call.attempts.at(-1).n + 1 : 1, leg: "idle" }, null);
  },
  "call.hold"(call, d) {
    call.held = d.held;
  },
  "call.media"(call, d) {
    if (d.side === "clinician") call.unheard = d.lost;
  },
  "call.bridged"(call, d, ts) {
    Object.assign(call, { bridgedAt: d.at ?? ts, maxS: d.max_s ?? null });
  },
  "call.ending"(call, d) {
    call.ending = d;
  },
  "call.ended"(call, d, ts) {
    Object.assign(call, { ended: d, endedAt: ts });
  },
  "call.outcome"(call, d) {
    call.outcome = d;
  },
};

function risen(before, { n = 1, leg, cause = null, until = null }, ts) {
  if (n < before.n || !RISES.includes(leg)) return before;
  const known = n > before.n ? lane(n) : before;
  if (RISES.indexOf(leg) <= RISES.indexOf(known.leg) && n === before.n) return before;
  const reached = leg === "ended" ? known.reached : leg;
  return { n, leg, reached, cause: cause ?? known.cause, until, at: { ...known.at, [leg]: ts } };
}

/** The clinician may have two attempts at once, while the call goes over to another way: the newest that lives is shown. */
function rise(call, d, ts) {
  const n = d.n ?? 1;
  const known = call.attempts.find((one) => one.n === n) ?? { ...lane(n), way: call.way };
  const risenOne = { ...risen(known, d, ts), way: known.way };
  call.attempts = [...call.attempts.filter((one) => one.n !== n), risenOne].sort((a, b) => a.n - b.n);
  call.clinician = call.attempts.findLast((one) => one.leg !== "ended") ?? call.attempts.at(-1);
}

function isMoving({ attempts, clinician, ending }) {
  return !ending && clinician.leg !== "confirmed" && attempts.some((one) => one.n < clinician.n && one.leg === "confirmed");
}

/** Whether the way that was to come was not reached, so that the call goes on as it was. @param {Call} call */
export function stayed(call) {
  return call.clinician.leg === "confirmed" && call.attempts.at(-1).n > call.clinician.n;
}

/** Whether the clinician speaks by a browser, or is about to: whether any page has sound to carry. @param {Call} call */
export function speaksHere(call) {
  if (call.ended || call.ending) return false;
  return call.attempts.some((one) => one.way === "webrtc" && one.leg !== "ended");
}

function phaseOf(call) {
  if (call.ended) return "ended";
  if (call.ending) return "ending";
  if (!call.started) return "waiting";
  if (call.bridgedAt !== null) return "connected";
  return call.attempts.some((one) => one.leg === "confirmed") ? "patient" : "clinician";
}

/** How full a lane is: 0 nothing yet, 1 asked for, 2 rings, 3 answered, 4 here. An ended one stays as full as it was. */
export function fillOf({ reached }, side) {
  const steps = { idle: 0, dialing: 1, ringing: 2, answered: side === "patient" ? 4 : 3, confirmed: 4 };
  return steps[reached] ?? 0;
}

/**
 * What a lane says, as the end of a string's key: "idle", "dialing", "ringing", "answered", "here", or why it is over.
 * @param {Call} call @param {"clinician"|"patient"} side
 */
export function laneWord(call, side) {
  const { leg, reached, cause } = call[side];
  if (leg === "idle" && call.ended) return "not_called";
  if (leg !== "ended") return leg === "confirmed" || (side === "patient" && leg === "answered") ? "here" : leg;
  if (side === "patient" && call.bridgedAt !== null) return "left";
  if (UNANSWERED.has(cause)) return cause;
  return reached === "confirmed" ? "left" : "over";
}

/**
 * What is known of an end: why, as the service's own word for it, and how far it came.
 * @param {Call} call @returns {{reason: string, cause: string, talked: boolean, rang: boolean}} rang: the patient was dialled
 */
export function endOf(call) {
  const { reason = "unknown", cause = "unknown" } = call.ended ?? {};
  return { reason, cause, talked: call.bridgedAt !== null, rang: call.patient.reached !== "idle" };
}

/** Which outcome lies near, so that one touch is enough; null where only the clinician can know. */
export function likelyOutcome(end) {
  if (end.talked || !end.rang || end.cause === "voicemail") return null;
  return UNANSWERED.has(end.cause) || end.cause === "cancelled" ? "no_answer" : null;
}

/** Whether there is anything to say about how it went: not when the patient's phone never rang. */
export function wantsOutcome(end) {
  return end.talked || end.rang;
}

/**
 * Whether who made a call may have its call back ring their own phone: a number that the service holds was shown, the
 * patient's phone rang, and it was not somebody else's.
 */
export function mayTakeCallBack(item, end, outcome) {
  const how = (outcome ?? item?.outcome)?.how;
  return item?.mode === "held" && item.state === "ended" && (end.rang || end.talked === true) && how !== "wrong_number";
}

/** How long the two have talked or did talk, in ms; null before they could. @param {Call} call @param {number} now */
export function talkedMs(call, now) {
  if (call.bridgedAt === null) return null;
  if (call.ended?.talked_s != null) return call.ended.talked_s * 1000;
  return Math.max(0, (call.endedAt ?? now) - call.bridgedAt);
}

/**
 * Whether a listed call is to be tried again and was not yet: the service says so, and no later one to the same patient is
 * among those that are known. A refusal tried nothing.
 */
export function isToRetry(item, all) {
  if (item.outcome?.then !== "retry" || !item.outcome.retry_at || item.outcome.retry_stands === false) return false;
  const made = all.filter((other) => other.at > item.at && other.state !== "refused");
  return !made.some((other) => other.patient?.id && other.patient.id === item.patient?.id);
}

/** Whether the time to try again has come. */
export function isLate(item, now) {
  return item.outcome.retry_at <= now;
}
