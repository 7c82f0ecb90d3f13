/** How urgent a consult is and where it stands: always a word and a sign, the colour only helps. */
import { html } from "./html.js";
import { icon } from "./icon.js";
import { t } from "./words.js";

/** @param {"now"|"today"|"no_hurry"} urgency */
export function urgencyPill(urgency) {
  return html`<span class="pill ${urgency === "now" ? "pill-wait" : ""}">${icon("clock")}${t(`urgency.${urgency}`)}</span>`;
}

const SIGNS = {
  waiting: ["hourglass", "item-waiting", "pill-wait"],
  open: ["message-square", "item-open", ""],
  answered: ["circle-check", "item-done", "pill-done"],
  withdrawn: ["undo-2", "", ""],
  nobody: ["circle-x", "item-none", "pill-end"],
  no_reply: ["circle-x", "item-none", "pill-end"],
};

/** What a consult's state is called: "waiting", "open", or how it ended. */
export function standing(item) {
  return item.state === "ended" ? item.end || "answered" : item.state;
}

/** The sign of a consult's state, and the class that colours it. @returns {{sign: any, tone: string}} */
export function stateSign(item) {
  const [name, tone] = SIGNS[standing(item)] || SIGNS.open;
  return { sign: icon(name), tone };
}

/** @param {object} item */
export function statePill(item) {
  const [name, , tone] = SIGNS[standing(item)] || SIGNS.open;
  return html`<span class="pill ${tone}">${icon(name)}${t(`state.${standing(item)}`)}</span>`;
}
