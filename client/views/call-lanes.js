/** The two lanes of a call, yours and the patient's, which fill as each is reached; and what to do now, in a sentence. */
import { fillOf, laneWord, stayed } from "../core/call.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { t } from "../parts/words.js";
import { screen } from "../screen.js";

const SIGNS = { clinician: "circle-user", patient: "contact" };

/** @param {object} call what `foldCall` gave */
export function lanes(call) {
  const joined = call.phase === "connected";
  return html`<div class="lanes ${joined ? "lanes-joined" : ""}">
    ${lane(call, "clinician")}
    <span class="lanes-link" aria-hidden="true">${icon(joined ? "phone-call" : "ellipsis")}</span>
    ${lane(call, "patient")}
  </div>`;
}

function lane(call, side) {
  const word = laneWord(call, side);
  const fill = fillOf(call[side], side);
  const tone = word === "here" ? "lane-here" : call[side].leg === "ended" ? "lane-over" : fill ? "lane-on" : "";
  return html`<section class="lane lane-${fill} ${tone}" aria-label=${t(`lane.${side}`)}>
    <span class="lane-fill" aria-hidden="true"></span>
    <span class="lane-sign">${icon(SIGNS[side])}</span>
    <p class="lane-name">${t(`lane.${side}`)}</p>
    <p class="lane-word">${t(wordOf(side, word, call[side].way))}</p>
    ${untilOf(call[side])}
  </section>`;
}

/** Who speaks by this device is not rung. */
function wordOf(side, word, way) {
  return way === "webrtc" && ["idle", "dialing", "ringing", "answered"].includes(word) ? "lane.clinician.webrtc" : `lane.${side}.${word}`;
}

/** The clock of a leg that waits, where the service told when it runs out. */
function untilOf({ until, leg }) {
  if (leg === "ended" || !until || until <= screen.app.now()) return nothing;
  return html`<p class="lane-clock"><cb-countdown class="clock" .at=${until}></cb-countdown></p>`;
}

/** What happens and what to do, in one sentence. */
export function nowText(call) {
  if (call.phase === "waiting") return t("now.waiting");
  if (call.phase === "ending") return t("now.ending");
  if (call.moving) return t(call.clinician.leg === "answered" ? "now.moving.press_one" : "now.moving");
  if (stayed(call)) return t("now.stayed");
  if (call.phase === "connected") return t("now.connected");
  if (call.phase === "clinician" && call.clinician.way === "webrtc") return t("now.webrtc");
  if (call.phase === "clinician") return t(call.clinician.leg === "answered" ? "now.press_one" : call.clinician.leg === "ringing" ? "now.answer" : "now.dialing");
  return t(call.patient.leg === "ringing" ? "now.patient_rings" : "now.patient_called");
}
