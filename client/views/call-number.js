/** Which number the patient sees, how it will look on their phone and where a call back lands: all before dialling. */
import { endsInDays, endsSoon, goesAbroad, mayShow } from "../core/call-setup.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { inARow, lastDigits } from "../parts/patient-line.js";
import { callout } from "../parts/states.js";
import { countryName } from "../core/countries.js";
import { errorText, screenLanguage, t } from "../parts/words.js";
import { screen } from "../screen.js";

const VERIFIED = { A: ["badge-check", "pill-done"], B: ["shield-check", "pill-wait"], C: ["triangle-alert", "pill-wait"] };

/** As which clinic; only where there is a choice. */
export function clinicField(setup, { clinic }, set) {
  if (setup.clinics.length < 2) return nothing;
  return html`<div class="field">
    <label for="call-clinic">${t("call.clinic")}</label>
    <select class="input" id="call-clinic" @change=${(event) => set({ clinic: event.target.value, shown: null })}>
      ${setup.clinics.map((one) => html`<option value=${one.id} .selected=${one.id === clinic.id}>${one.name}</option>`)}
    </select>
  </div>`;
}

/** The clinic's numbers that this member may show; those that may not be are there with the reason. */
export function numberField({ clinic, number }, set) {
  return html`<fieldset class="field" id="numbers-to-show">
    <legend>${t("call.number")}</legend>
    <div class="choices">${clinic.numbers.map((one) => numberChoice(one, number, set))}</div>
  </fieldset>`;
}

function numberChoice(one, chosen, set) {
  const now = screen.app.now();
  const open = mayShow(one, now);
  const days = endsInDays(one, now);
  const note = `number-note-${one.id}`;
  return html`<label class="choice ${open ? "" : "choice-off"}">
    <input type="radio" name="shown" value=${one.id} .checked=${one.id === chosen?.id} ?disabled=${!open} aria-describedby=${note}
      @change=${() => set({ shown: one.id })} />
    <span class="row"><span class="strong figures nowrap">${one.formatted}</span>
      ${days === null ? nothing : html`<span class="pill pill-wait">${icon("hourglass")}${t("number.ends", { count: days })}</span>`}
      ${open ? nothing : html`<span class="pill pill-end">${icon("circle-x")}${t(`number.state.${one.state}`)}</span>`}</span>
    <span class="choice-note note soft" id=${note}>${open ? t(`mode.${one.mode}`) : t(`number.why.${one.state}`)}</span>
  </label>`;
}

/** How a number will be presented by the patient's carrier, in plain words. @param {"A"|"B"|"C"} attestation */
export function attestationText(attestation) {
  return t(`present.${attestation in VERIFIED ? attestation : "C"}`);
}

/** What the patient sees: a picture of their phone in words. @param {{clinic: string, number: string, attestation: string, hidden?: boolean}} parts */
export function patientSees({ clinic, number, attestation, hidden = false }) {
  const [sign, tone] = VERIFIED[attestation] ?? VERIFIED.C;
  return html`<div class="sees">
    <div class="sees-phone" aria-hidden="true">${icon("phone-incoming")}</div>
    <div>
      <p class="small faint">${t("sees.title")}</p>
      <p class="strong figures">${number}</p>
      <p class="note soft">${hidden ? t("sees.hidden") : t("sees.name", { clinic })}</p>
      <p class="sees-mark ${tone}">${icon(sign)}<span>${attestationText(attestation)}</span></p>
    </div>
  </div>`;
}

/** What the patient will see and where a call back lands, in one line beside the button. @param {() => void} choose */
export function shownLine(number, choose) {
  const mark = number.attestation in VERIFIED ? number.attestation : "C";
  return html`<p class="setup-shown note">
    ${inARow([t("shown.line", { number: number.formatted }), t(`shown.mark.${mark}`), t(`shown.back.${number.mode}`)])}
    <button class="link-btn" type="button" aria-label=${t("shown.change.long")} @click=${choose}>${t("shown.change")}</button>
  </p>`;
}

/** In its last days the number says so, and another of the clinic is one tap away. @param {(id: string) => void} pick */
export function endsLine({ clinic, number }, pick) {
  const soon = endsSoon(number, clinic.numbers, screen.app.now());
  if (!soon) return nothing;
  const { days, instead } = soon;
  return html`<p class="setup-ends note" role="status">${icon("hourglass")}<span>${t("shown.ends", { count: days })}
    ${instead ? html`<button class="link-btn" type="button" @click=${() => pick(instead.id)}>${t("shown.instead", { number: instead.formatted })}</button>` : nothing}</span>
  </p>`;
}

/** Where a call back lands, by whose number it is. @param {"own"|"held"} mode */
export function callsBack(mode) {
  return html`<p class="fact-line">${icon("phone-incoming")}<span>${t(`back.${mode}`)}</span></p>`;
}

/** Everything that is to be known before one dials. */
export function beforeDialling(state, { clinic, number, way }, setup) {
  if (!number) return nothing;
  const value = state.check.value ?? {};
  return html`<section class="field call-check" tabindex="-1" aria-labelledby="before-title">
    <h2 class="legend" id="before-title">${t("before.title")}</h2>
    <div class="card before">
      ${patientSees({ clinic: clinic.name, number: number.formatted, attestation: number.attestation, hidden: state.patient?.hide_clinic })}
      ${goesAbroad(value.region, clinic.country) ? abroadLine(value.region) : nothing}
      ${callsBack(number.mode)}
      ${way === "webrtc"
        ? html`<p class="fact-line">${icon("mic")}<span>${t("before.webrtc")}</span></p>`
        : html`<p class="fact-line">${icon("smartphone")}<span>${t("before.phone", { digits: lastDigits(setup.phone.mask), number: setup.service_number })}</span></p>`}
      ${attempts(value)}
    </div>
  </section>`;
}

/** Carriers on the way to another country change numbers, or take them away. @param {string} country ISO 3166 */
export function abroadLine(country) {
  return html`<p class="fact-line fact-wait">${icon("globe")}<span>${t("before.abroad", { country: countryName(country, screenLanguage()) })}</span></p>`;
}

function attempts({ attempts_today: today, attempts_week: week }) {
  if (today === undefined) return nothing;
  const text = week ? t("before.attempts", { today: t("before.today", { count: today }), week: t("before.week", { count: week }) }) : t("before.first");
  return html`<p class="fact-line">${icon("history")}<span>${text}</span></p>`;
}

/** Whether the call may be made, right above the button: whom it will reach, or why not. */
export function verdict(state, set) {
  const { check } = state;
  if (check.phase === "none") return html`<p class="setup-who setup-hint">${t("before.choose")}</p>`;
  if (check.phase === "loading") return html`<p class="setup-who setup-hint" role="status">${t("before.checking")}</p>`;
  if (check.phase === "error") return callout("end", "circle-alert", html`<p>${t("before.failed")}</p><p>${errorText(check.error)}</p>`, "alert");
  if (check.phase === "refused") return refused(check.value.refusal, set);
  return html`<p class="setup-who" role="status">${confirmText(state)}</p>`;
}

/** Who will be called, once more in full where the thumb is: there are two Maria Lopezes. */
function confirmText(state) {
  const digits = lastDigits(state.check.value.mask);
  if (state.typing) return t("before.ready.number", { digits });
  const { name, born } = state.patient;
  return born ? t("before.ready", { name, year: String(born).slice(0, 4), digits }) : t("before.ready.plain", { name, digits });
}

function refused(refusal, set) {
  return html`<div class="callout callout-end" role="alert">${icon("circle-x")}<p><b>${errorText(refusal)}</b></p>
    ${refusal.d?.urgent ? html`<p><button class="btn btn-small" type="button" @click=${() => set({ urgent: true })}>${t("before.urgent")}</button></p>` : nothing}
  </div>`;
}
