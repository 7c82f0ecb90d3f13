/**
 * Setting up a call: whom, by which number, how that will look and where a call back lands, all before anything is
 * dialled. A number that is typed lives in the memory of this page alone: in no address, no storage, no draft.
 */
import { callList, liveCall, loadCalls } from "../call-list.js";
import { beginSound } from "../call-media.js";
import { clinicToStart, checkKey, isWrong, longEnough, numberToShow, obstacleOf, whichFirst } from "../core/call-setup.js";
import { startCall } from "../core/call-start.js";
import { emergencyAtOnce, emergencyIn } from "../core/emergency.js";
import { confirmDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded, reload, shown } from "../parts/loaded.js";
import { lastDigits } from "../parts/patient-line.js";
import { callout, skeleton } from "../parts/states.js";
import { errorText, t } from "../parts/words.js";
import { go } from "../router.js";
import { remember, screen, update, updateNow } from "../screen.js";
import { showEmergency } from "./call-emergency.js";
import { readyMicrophone } from "./call-microphone.js";
import { beforeDialling, clinicField, endsLine, numberField, shownLine, verdict } from "./call-number.js";
import { obstacle } from "./call-obstacles.js";
import { patientPart } from "./call-patient.js";
import { carrying, keepWay, wayField, wayOf } from "./call-way.js";

const CHECK_MS = 450;
const REST_MS = 1000;

function memory() {
  return remember("call-setup", () => ({
    clinic: null, shown: null, patient: null, to: "preferred", typing: false, typed: "", urgent: false, choosing: false,
    rest: null, typedAt: 0, pressed: null,
    check: { key: "", phase: "none", value: null, error: null }, busy: false, problem: null, timer: null, since: 0,
  }));
}

/** Begin with a patient and a number that are known, as when a call is made again. Ids only. */
export function callAgain(item) {
  screen.ui.delete("call-setup");
  const state = memory();
  state.shown = item.caller_id ?? null;
  state.patient = item.patient ? { ...item.patient, clinic: item.clinic?.id } : null;
  if (state.patient) state.to = whichFirst(state.patient);
  state.clinic = item.clinic?.id ?? null;
  go("/calls/new");
}

/** Forget what was set up: the next call begins afresh. */
function forget() {
  clearTimeout(memory().timer);
  clearTimeout(memory().rest);
  screen.ui.delete("call-setup");
}

// --- what is chosen ------------------------------------------------------------------------------------------------------

/** What is chosen now, filled with what is sensible where nothing was chosen yet. */
function chosen(state, setup) {
  const now = screen.app.now();
  const clinic = setup.clinics.find((one) => one.id === state.clinic) ?? clinicToStart(setup.clinics, now, lastShown());
  const number = clinic ? numberToShow(clinic.numbers, now, state.shown ?? lastShown()) : null;
  return { clinic, number, way: wayOf(setup), phone: Boolean(setup.phone?.verified) };
}

/** The number that was shown in the last call: people call as the same clinic again. */
function lastShown() {
  const [last] = [...callList.items.values()].filter((item) => item.caller_id).sort((a, b) => b.at - a.at);
  return last?.caller_id ?? null;
}

function orderOf(state, { clinic, number, way }) {
  const far = state.typing ? { number: state.typed.trim() } : { patient: state.patient?.id };
  return { clinic: clinic?.id, caller_id: number?.id, way, ...far, to: state.to, ...(state.urgent ? { urgent: true } : {}) };
}

function complete(state, { clinic, number }) {
  return Boolean(clinic && number && (state.typing ? longEnough(state.typed) || pressed(state) : state.patient));
}

/** Whether Call was pressed for just this: then the service is asked, however short it is. */
function pressed(state) {
  return state.typing && state.pressed !== null && state.pressed === state.typed;
}

/** Change something of the set-up; the service is asked anew what it says to it. */
function change(state, changes) {
  Object.assign(state, changes, { problem: null });
  if ("typed" in changes || "typing" in changes) listen(state);
  update();
}

/** What is typed may go on: an area code can begin like an emergency number, so its screen waits until the typing rests. */
function listen(state) {
  clearTimeout(state.rest);
  Object.assign(state, { pressed: null, typedAt: Date.now() });
  if (!state.typing) return;
  const number = emergencyIn(state.typed);
  if (number && emergencyAtOnce(state.typed)) showEmergency(number);
  else if (number) atRest(state, number);
}

function atRest(state, number) {
  clearTimeout(state.rest);
  const here = () => state.typing && screen.ui.get("call-setup") === state && location.pathname === "/calls/new";
  state.rest = setTimeout(() => { if (here()) showEmergency(number); }, Math.max(0, state.typedAt + REST_MS - Date.now()));
}

/** Ask the service what would come of it, a moment after the last change. */
function wantCheck(state, choice) {
  if (!complete(state, choice)) {
    Object.assign(state.check, { key: "", phase: "none", value: null });
    return;
  }
  const order = orderOf(state, choice);
  const key = checkKey(order);
  if (state.check.key === key) return;
  Object.assign(state.check, { key, phase: "loading", value: null, error: null });
  clearTimeout(state.timer);
  state.timer = setTimeout(() => void askCheck(state, order, key), state.typing && !pressed(state) ? CHECK_MS : 0);
}

async function askCheck(state, order, key) {
  const answer = await screen.api.post("/calls/check", order).then((value) => ({ value }), (error) => ({ error }));
  if (state.check.key !== key) return;
  if (answer.error) Object.assign(state.check, { phase: "error", error: answer.error });
  else Object.assign(state.check, { phase: answer.value.ok ? "ok" : "refused", value: answer.value });
  const tel = telOf(state.check);
  if (tel && pressed(state)) showEmergency(tel);
  else if (tel && state.typing) atRest(state, tel);
  // Since when and why stands in what is asked before a call.
  if (answer.value?.refusal?.code === "call.paused") void reload("calls/setup");
  update();
}

function telOf({ value }) {
  return value?.emergency?.tel ?? value?.refusal?.d?.tel ?? null;
}

// --- the call --------------------------------------------------------------------------------------------------------------

async function call(event, state, choice) {
  event.preventDefault();
  const emergency = state.typing ? emergencyIn(state.typed) ?? telOf(state.check) : null;
  if (emergency) return void showEmergency(emergency);
  if (state.busy) return;
  // What was answered is for what is chosen now, or it is no answer.
  if (state.check.phase !== "ok" || state.check.key !== checkKey(orderOf(state, choice))) return void point(state);
  if (!(await sure(state))) return;
  Object.assign(state, { busy: true, problem: null });
  update();
  const opened = choice.way === "webrtc" ? await readyMicrophone(choice.phone) : {};
  if (!opened?.microphone && choice.way === "webrtc") return void otherwise(state, opened);
  try {
    const { r } = await startCall(screen.app, { ...orderOf(state, choice), looked: true });
    if (opened.microphone) beginSound(r, opened.microphone);
    forget();
    void loadCalls();
    go(`/calls/${r}`, { replace: true });
  } catch (error) {
    opened.microphone?.close();
    Object.assign(state, { busy: false, problem: error });
    if (error.d?.tel) showEmergency(error.d.tel);
    void reload("calls/setup");
    updateNow();
    document.querySelector("[data-error]")?.focus();
  }
}

/** Without the microphone: the own phone where that was chosen instead, and the button is pressed once more; else nothing. */
function otherwise(state, opened) {
  if (opened?.phone) keepWay("callback");
  state.busy = false;
  update();
}

/** Somebody else answered there: nobody calls them a second time by oversight. */
async function sure({ typing, patient, to }) {
  if (typing || !isWrong(patient, to)) return true;
  const digits = lastDigits(to === "second" ? patient.second_mask : patient.mask);
  return confirmDialog({ title: t("wrong.sure"), text: t("wrong.sure.text", { digits }), yes: t("wrong.sure.yes") });
}

/** Nothing can be asked for yet: the service is asked what it says to what was typed, or one is led to what is missing. */
function point(state) {
  if (state.typing && state.typed.trim() && !pressed(state)) state.pressed = state.typed;
  if (state.check.phase === "error") state.check.key = "";
  update();
  const missing = state.typing ? "#call-number" : "#patient-search";
  document.querySelector(state.patient || longEnough(state.typed) ? ".call-check" : missing)?.focus();
}

// --- the screen ------------------------------------------------------------------------------------------------------------

/** The right pane on a desk, the whole screen on a phone. */
export function setupPane() {
  const setup = loaded("calls/setup", (api) => api.get("/calls/setup"));
  return html`<div class="pane pane-detail">
    <header class="head">
      <a class="icon-btn only-phone" href="/calls" aria-label=${t("back")}>${icon("arrow-left")}</a>
      <h1 class="head-words" tabindex="-1">${t("call.new")}</h1>
    </header>
    ${shown(setup, (value) => form(value))}
  </div>`;
}

function form(setup) {
  const state = memory();
  const { known, carries } = carrying(setup);
  const stands = liveCall() ? "live" : obstacleOf(setup, screen.app.now(), carries);
  if (stands && !known) return skeleton(5);
  if (stands) return obstacle(stands, setup, () => reload("calls/setup"));
  const choice = chosen(state, setup);
  if (state.patient?.clinic && choice.clinic && state.patient.clinic !== choice.clinic.id) state.patient = null;
  wantCheck(state, choice);
  const set = (changes) => change(state, changes);
  return html`<form class="page setup" novalidate autocomplete="off" @submit=${(event) => call(event, state, choice)}>
    ${clinicField(setup, choice, set)}
    ${patientPart(state, choice.clinic, set)}
    ${state.choosing || !choice.number ? numberField(choice, set) : nothing}
    ${beforeDialling(state, choice, setup)}
    ${foot(state, choice, setup, set, () => chooseNumber(set))}
  </form>`;
}

/** The numbers that may be shown stand open, and one is at the one that is. */
function chooseNumber(set) {
  set({ choosing: true });
  updateNow();
  const field = document.querySelector("#numbers-to-show");
  field?.scrollIntoView({ block: "nearest" });
  field?.querySelector("input:checked, input:enabled")?.focus();
}

/** The other number is shown; its line stays at hand, as what was tapped is gone. */
function showInstead(set, id) {
  set({ shown: id });
  updateNow();
  document.querySelector(".setup-shown button")?.focus();
}

function foot(state, { clinic, number }, setup, set, choose) {
  // What was typed can be asked about, however short it is.
  const ready = state.check.phase === "ok" || (state.check.phase === "none" && state.typing && state.typed.trim() !== "");
  const text = state.busy ? t("call.asking") : t("call.as", { clinic: clinic.name });
  const away = !["online", "catching-up"].includes(screen.app.line.state);
  return html`<div class="setup-foot">
    ${state.problem ? html`<div class="callout callout-end" role="alert" tabindex="-1" data-error>${icon("circle-alert")}<p>${problemText(state.problem)}</p></div>` : nothing}
    ${away ? callout("wait", "wifi-off", t("call.away"), "status") : nothing}
    ${number ? [shownLine(number, choose), endsLine({ clinic, number }, (id) => showInstead(set, id))] : nothing}
    ${verdict(state, set)}
    ${wayField(setup, () => set({}))}
    <button class="btn btn-primary btn-wide btn-call" type="submit" aria-disabled=${ready && !away ? nothing : "true"}
      aria-busy=${state.busy ? "true" : "false"}>${icon("phone")}${text}</button>
  </div>`;
}

function problemText(error) {
  return error.code === "offline" || error.code === "call.late" ? t("call.not_asked") : errorText(error);
}
