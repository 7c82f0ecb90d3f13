/** One's own calls as the list shows them: loaded by HTTP, kept fresh by the inbox; and the call that is under way. */
import { screenHolder } from "./platform/awake.js";
import { screen, update } from "./screen.js";

/** phase: "idle" | "loading" | "ready" | "error"; since: Unix ms of the last load. */
const nothing = () => ({ phase: "idle", items: new Map(), next: null, error: null, since: 0, more: false });
export const callList = nothing();

const asking = new Map();
const awake = screenHolder();
const awakeFor = new Set();
const TOUCH_MS = 60_000;
let touching = null;
let following = null;
const asked = new Set();

/** Load the newest page; what is shown stays while it loads. */
export async function loadCalls() {
  if (callList.phase === "loading") return;
  callList.phase = "loading";
  update();
  try {
    const page = await screen.api.get("/calls");
    callList.items = new Map([...page.items, ...(page.again ?? [])].map((item) => [item.r, item]));
    Object.assign(callList, { phase: "ready", next: page.next ?? null, error: null, since: Date.now() });
  } catch (error) {
    Object.assign(callList, { phase: "error", error });
  }
  update();
}

/** Load the next older page, if there is one. */
export async function loadMoreCalls() {
  if (!callList.next || callList.more) return;
  callList.more = true;
  update();
  try {
    const page = await screen.api.get(`/calls?before=${encodeURIComponent(callList.next)}`);
    for (const item of page.items) callList.items.set(item.r, item);
    callList.next = page.next ?? null;
  } catch (error) {
    callList.error = error;
  }
  callList.more = false;
  update();
}

/** Load one call again. Several calls while one is under way become one more. @returns {Promise<object|null>} */
export async function refreshCall(r) {
  if (asking.has(r)) {
    asking.set(r, true);
    return callList.items.get(r) ?? null;
  }
  asking.set(r, false);
  let found = null;
  try {
    found = await screen.api.get(`/calls/${r}`);
    callList.items.set(r, found);
  } catch (error) {
    if (error.status === 404) callList.items.set(r, { r, gone: true });
  }
  const again = asking.get(r);
  asking.delete(r);
  update();
  return again ? refreshCall(r) : found;
}

/** The call `r` as far as it is known; asks for all of it if it never was. */
export function callOf(r) {
  const item = callList.items.get(r);
  if (!item?.legs && !asked.has(r)) {
    asked.add(r);
    void refreshCall(r);
  }
  return item ?? null;
}

/** Forget everything (sign-out). */
export function forgetCalls() {
  Object.assign(callList, nothing());
  asking.clear();
  asked.clear();
  followCall(null);
}

/** The call that is under way, if there is one; one member has one at a time. */
export function liveCall() {
  for (const item of callList.items.values()) if (item.state === "live") return item;
  return null;
}

/** Follow one call's events while it is on the screen, and only then. @param {string|null} r */
export function followCall(r) {
  if (following === r) return;
  if (following) screen.app.unsubscribe(following);
  following = r;
  if (r) {
    screen.app.subscribe(r);
    void refreshCall(r);
  } else keepAwake("screen", false);
}

/**
 * While a call is under way on this screen, or its sound comes from this page, the screen stays on, and nobody has to
 * touch it so that it does not lock. @param {"screen"|"sound"} why @param {boolean} live
 */
export function keepAwake(why, live) {
  if (live) awakeFor.add(why);
  else awakeFor.delete(why);
  const wanted = awakeFor.size > 0;
  if (wanted === (touching !== null)) return;
  if (wanted) {
    void awake.hold();
    touching = setInterval(() => screen.app.active(), TOUCH_MS);
  } else {
    void awake.release();
    clearInterval(touching);
    touching = null;
  }
}
