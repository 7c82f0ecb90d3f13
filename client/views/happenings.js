/** What happened in a consult, as one quiet line each. */
import { specialtyInSentence } from "../fields.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { exact, hour, t } from "../parts/words.js";

const SIGNS = {
  "consult.ringing": "bell",
  "consult.joined": "circle-user",
  "consult.handed_back": "undo-2",
  "consult.offered_on": "bell",
  "consult.invited": "user-plus",
  "consult.left": "log-out",
  "consult.ended": "check",
  "consult.reopen_asked": "rotate-ccw",
  "consult.reopened": "rotate-ccw",
};

/** @param {object} one the event @param {object} item the consult */
export function happening(one, item) {
  if (!SIGNS[one.k]) return nothing;
  const text = words(one, item);
  if (!text) return nothing;
  return html`<p class="happening">${icon(SIGNS[one.k])}<span>${text} · <time title=${exact(one.ts)}>${hour(one.ts)}</time></span></p>`;
}

/** One event in words; "" for what is not worth a line. */
export function words(one, item) {
  const who = one.mine ? null : one.u;
  if (one.k === "consult.ringing") return t(`event.ringing.${one.d.ring}`, { specialty: specialtyInSentence(item.specialty) });
  if (one.k === "consult.joined") {
    if (!who) return t("event.joined.you");
    return one.d.badge ? t("event.joined.badge", { who, badge: one.d.badge }) : t("event.joined", { who });
  }
  if (one.k === "consult.invited") return t("event.invited", { specialty: specialtyInSentence(one.d.specialty) });
  if (one.k === "consult.ended") return endedWords(one, who);
  const key = one.k.replace("consult.", "event.");
  return who ? t(key, { who }) : t(`${key}.you`);
}

function endedWords(one, who) {
  const { state, outcome, note } = one.d;
  const named = outcome && (who || one.mine);
  const text = named ? t(who ? "event.closed" : "event.closed.you", { who, outcome: t(`outcome.${outcome}`).toLowerCase() }) : t(`ended.${state}`);
  return note ? `${text}: ${note}` : text;
}
