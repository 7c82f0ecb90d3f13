/** The member's consults as the list shows them: loaded by HTTP, kept fresh by the events of the inbox. */
import { screen, update } from "./screen.js";

/** phase: "idle" | "loading" | "ready" | "error"; since: Unix ms of the last load. */
const nothing = () => ({ phase: "idle", items: new Map(), next: null, error: null, since: 0, more: false });
export const consultList = nothing();

const asking = new Map();

/** Load the newest page; what is shown stays while it loads. */
export async function loadConsults() {
  if (consultList.phase === "loading") return;
  consultList.phase = "loading";
  update();
  try {
    const page = await screen.api.get("/consults");
    consultList.items = new Map(page.items.map((item) => [item.r, item]));
    Object.assign(consultList, { phase: "ready", next: page.next ?? null, error: null, since: Date.now() });
  } catch (error) {
    Object.assign(consultList, { phase: "error", error });
  }
  update();
}

/** Load the next older page, if there is one. */
export async function loadMoreConsults() {
  if (!consultList.next || consultList.more) return;
  consultList.more = true;
  update();
  try {
    const page = await screen.api.get(`/consults?before=${encodeURIComponent(consultList.next)}`);
    for (const item of page.items) consultList.items.set(item.r, item);
    consultList.next = page.next ?? null;
  } catch (error) {
    consultList.error = error;
  }
  consultList.more = false;
  update();
}

/**
 * Load one consult again, with its participants. Several calls while one is under way become one more.
 * @param {string} r @returns {Promise<object|null>} null when it is not there for this member
 */
export async function refreshConsult(r) {
  if (asking.has(r)) {
    asking.set(r, true);
    return consultList.items.get(r) ?? null;
  }
  asking.set(r, false);
  let found = null;
  try {
    found = await screen.api.get(`/consults/${r}`);
    consultList.items.set(r, found);
  } catch (error) {
    if (error.status === 404) consultList.items.set(r, { r, gone: true });
  }
  const again = asking.get(r);
  asking.delete(r);
  update();
  return again ? refreshConsult(r) : found;
}

/** The consult `r` as far as it is known; asks for it if it never was. */
export function consultOf(r) {
  const item = consultList.items.get(r);
  if (!item && !asking.has(r)) refreshConsult(r);
  return item ?? null;
}

/** Forget everything (sign-out). */
export function forgetConsults() {
  Object.assign(consultList, nothing());
  asking.clear();
}

/** The sum of what is unread, for the bar. */
export function unreadCount() {
  let sum = 0;
  for (const item of consultList.items.values()) sum += unreadOf(item);
  return sum;
}

/** What is unread in one consult: from the live stream if it is followed, else as the list said. */
export function unreadOf(item) {
  const view = screen.app.stream(item.r);
  return view && view.phase === "live" ? view.unread : item.unread || 0;
}
