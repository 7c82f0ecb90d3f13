/**
 * One call: while it is under way its two lanes, what the patient sees and the way to end it; afterwards who ended it and
 * why, how it went, and its record. All of it from the durable events of the call's own stream.
 */
import { callOf, keepAwake } from "../call-list.js";
import { endOf, foldCall, speaksHere, talkedMs } from "../core/call.js";
import { clockText } from "../core/time.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { patientMarks, patientWords } from "../parts/patient-line.js";
import { callout, failure, skeleton, statement } from "../parts/states.js";
import { t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";
import { afterCall } from "./call-after.js";
import { callBack } from "./call-back.js";
import { endSound, soundOf } from "../call-media.js";
import { callFacts, endText } from "./call-facts.js";
import { lanes, nowText } from "./call-lanes.js";
import { abroadLine, callsBack, patientSees } from "./call-number.js";
import { notes } from "./call-patient.js";
import { soundKeys, soundPart } from "./call-sound.js";

/** The right pane on a desk, the whole screen on a phone. @param {string} r */
export function callPane(r) {
  const item = callOf(r);
  const view = screen.app.stream(r);
  return html`<div class="pane pane-detail">${content(r, item, view)}</div>`;
}

function content(r, item, view) {
  if (item?.state === "refused") return refused(item);
  if (item?.gone || view?.phase === "gone") return gone();
  const unread = view && !view.items.length;
  if (view?.phase === "error" || (unread && view.error)) return [head(item), failure(view.error, () => screen.app.reload(r))];
  // A call that is closed for good is read over HTTP: until its events are here it looks as if it had not begun.
  if (!view || (unread && ["loading", "closed"].includes(view.phase))) return [head(item), skeleton(5)];
  const call = foldCall(view.items);
  keepAwake("screen", call.phase !== "ended");
  return call.phase === "ended" ? over(r, item, call) : live(r, item, call, view);
}

function head(item, call = null) {
  return html`<header class="head">
    <a class="icon-btn only-phone" href="/calls" aria-label=${t("back")}>${icon("arrow-left")}</a>
    <div class="head-words">
      <h1 class="head-title" tabindex="-1"><span>${titleOf(call)}</span></h1>
      ${call?.started || item?.clinic ? html`<p class="head-sub">${t("call.by", { clinic: clinicName(item, call) })}</p>` : nothing}
    </div>
  </header>`;
}

function titleOf(call) {
  if (!call) return t("call.title");
  return t(call.phase === "clinician" && call.clinician.way === "webrtc" ? "call.title.webrtc" : `call.title.${call.phase}`);
}

function clinicName(item, call) {
  return item?.clinic?.name ?? call?.started?.clinic_name ?? "";
}

/** A call that was not made: why, as it was said then. */
function refused(item) {
  return html`${head(item)}<div class="page"><div class="card ended-card"><span class="ended-sign">${icon("circle-x")}</span>
    <div><p class="call-name" dir="auto">${patientWords(item)}</p><p class="note soft">${item.patient ? patientMarks(item.patient, item.mask) : nothing}</p>
      <p class="ended-why">${t("call.refused")}</p><p>${endText(item)}</p></div></div>
    <p><a class="btn" href="/calls/new">${icon("phone")}${t("call.other")}</a></p></div>`;
}

function gone() {
  return [head(null), statement({
    icon: "lock",
    title: t("call.gone"),
    text: t("call.gone.text"),
    action: html`<a class="btn" href="/calls">${t("call.gone.back")}</a>`,
  })];
}

function who(item, call) {
  const mask = item?.mask ?? call.started?.patient_mask ?? "";
  return html`<div class="call-who">
    <p class="call-name" dir="auto">${patientWords({ patient: item?.patient ?? null, mask })}</p>
    <p class="soft">${item?.patient ? patientMarks(item.patient, mask) : nothing}</p>
  </div>`;
}

// --- while it is under way ---------------------------------------------------------------------------------------------------

function live(r, item, call, view) {
  const stale = view.phase === "stale" || view.phase === "catching-up";
  return html`<div class="call">
    ${head(item, call)}
    <div class="call-body" tabindex="0">
      ${who(item, call)}
      <p class="call-clock clock ${call.phase === "connected" ? "call-clock-on" : ""}">${clock(call)}</p>
      ${ending(r).busy ? nothing : soundPart(r, call)}
      ${lanes(call)}
      <p class="call-now" role="status">${stale ? t(speaksHere(call) ? "call.stale.webrtc" : "call.stale") : nowText(call)}</p>
      ${wishes(item)}
      ${sees(item, call)}
    </div>
    <div class="call-foot">${soundKeys(r, call)}${endButton(r, call)}</div>
  </div>`;
}

function clock(call) {
  const from = call.bridgedAt ?? call.startedAt;
  return from ? html`<cb-since .at=${from}></cb-since>` : "00:00";
}

/** What one has to know of the patient while one speaks, and of the message one may leave. */
function wishes(item) {
  return item?.patient ? notes(item.patient) : nothing;
}

function sees(item, { started }) {
  if (!started) return nothing;
  return html`<div class="card before">
    ${patientSees({ clinic: clinicName(item, { started }), number: started.shown, attestation: started.attestation, hidden: started.hide_clinic })}
    ${started.abroad ? abroadLine(started.abroad) : nothing}
    ${callsBack(started.mode)}
  </div>`;
}

function endButton(r, call) {
  const state = ending(r);
  const busy = state.busy || call.phase === "ending";
  return html`
    ${state.late ? callout("wait", "wifi-off", t(state.silenced ? "call.end.late.webrtc" : "call.end.late"), "status") : nothing}
    <button class="btn btn-end btn-wide" type="button" aria-busy=${busy ? "true" : "false"} @click=${() => hangUp(r)}>
      ${icon("phone-off")}${busy ? t("call.ending") : t("call.end")}</button>`;
}

const LATE_MS = 4000;
const ending = (r) => remember(`call-ending/${r}`, () => ({ busy: false, late: false, silenced: false }));

/**
 * It is kept and sent when the line is back; until then one's own phone is the way to hang up, and it says so. Who ends a
 * call is heard no more from that moment on.
 */
async function hangUp(r) {
  const state = ending(r);
  if (state.busy) return;
  Object.assign(state, { busy: true, silenced: soundOf(r) !== null });
  endSound();
  update();
  const timer = setTimeout(() => { state.late = true; update(); }, LATE_MS);
  const sent = screen.app.publish(r, "call.hang_up", {});
  try {
    await sent.promise;
  } catch {
    // It had ended already: what was wanted. What was refused must not lie in the outbox.
    await screen.app.drop(sent.c);
  } finally {
    clearTimeout(timer);
    screen.ui.delete(`call-ending/${r}`);
    update();
  }
}

// --- after it ------------------------------------------------------------------------------------------------------------------

function over(r, item, call) {
  const end = endOf(call);
  const talked = talkedMs(call, screen.app.now());
  return html`
    ${head(item, call)}
    <div class="page">
      <div class="card ended-card ${end.talked ? "ended-talked" : ""}">
        <span class="ended-sign">${icon(end.talked ? "phone-outgoing" : "phone-off")}</span>
        <div>
          <p class="call-name" dir="auto">${patientWords({ patient: item?.patient ?? null, mask: item?.mask ?? call.started?.patient_mask })}</p>
          <p class="note soft">${item?.patient ? patientMarks(item.patient, item.mask) : nothing}</p>
          <p class="ended-why">${endText(end)}</p>
          ${talked === null ? nothing : html`<p class="soft">${t("call.talked", { time: clockText(talked) })}</p>`}
        </div>
      </div>
      ${wishes(item)}
      ${afterCall(r, item, call, end)}
      ${callBack(r, item, call, end)}
      ${callFacts(item, call)}
    </div>`;
}
