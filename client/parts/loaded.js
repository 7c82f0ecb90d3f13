/**
 * What a screen asks the service for and keeps while the page lives, by a name of its own: loading, there, stale, failed.
 * The views draw it with `shown`; what changed it calls `reload`.
 */
import { remember, screen, update } from "../screen.js";
import { nothing } from "./html.js";
import { callout, failure, skeleton } from "./states.js";
import { hour, t } from "./words.js";

/**
 * The state under a name; the service is asked at first use. `phase`: "loading" | "ready" | "error".
 * @param {string} name @param {(api: object) => Promise<any>} ask
 * @returns {{phase: string, value: any, error: object|null, since: number}} `since`: Unix ms of what is shown
 */
export function loaded(name, ask) {
  return remember(`loaded/${name}`, () => {
    const state = { phase: "loading", value: null, error: null, since: 0, ask, turn: 0 };
    void askAgain(state);
    return state;
  });
}

/** Ask again for what is under a name, if anything is; what is shown stays meanwhile. @returns {Promise<any>} */
export function reload(name) {
  const state = screen.ui.get(`loaded/${name}`);
  return state ? askAgain(state) : Promise.resolve(null);
}

/** Forget what is under a name and under all that begin with it and a slash. */
export function unload(name) {
  for (const key of [...screen.ui.keys()]) {
    if (key === `loaded/${name}` || key.startsWith(`loaded/${name}/`)) screen.ui.delete(key);
  }
}

async function askAgain(state) {
  state.turn += 1;
  const { turn } = state;
  if (state.since === 0) state.phase = "loading";
  update();
  const answer = await state.ask(screen.api).then((value) => ({ value }), (error) => ({ error }));
  // An answer that was overtaken by a later question is no news.
  if (turn !== state.turn) return state.value;
  if (answer.error) Object.assign(state, { phase: "error", error: answer.error });
  else Object.assign(state, { phase: "ready", value: answer.value, error: null, since: Date.now() });
  update();
  return state.value;
}

/**
 * Draw what is under a state: bones while it loads, "try again" when it failed, and a word of its age when it is stale.
 * @param {object} state what `loaded` gave @param {(value: any) => any} view
 */
export function shown(state, view) {
  const again = () => void askAgain(state);
  // Nothing may be an answer too: whether there is one is told by its time.
  if (state.since === 0) return state.phase === "loading" ? skeleton(4) : failure(state.error, again);
  return [state.phase === "error" ? stale(state) : nothing, view(state.value)];
}

function stale({ since }) {
  return callout("wait", "refresh-cw", t("state.stale", { time: hour(since) }), "status");
}
