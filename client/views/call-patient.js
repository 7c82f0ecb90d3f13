/** Whom to call: a patient of the clinic found by name or by the whole number, or a number typed where that is allowed. */
import { html, live, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { isWrong, whichFirst } from "../core/call-setup.js";
import { Search } from "../core/search.js";
import { lastDigits, patientMarks } from "../parts/patient-line.js";
import { languageName } from "../fields.js";
import { errorText, t } from "../parts/words.js";
import { remember, screen, update, updateNow } from "../screen.js";

/** Names and numbers go in the body, never in an address. */
function searchIn(clinic) {
  const made = () => new Search({ ask: (q) => screen.api.post(`/clinics/${clinic}/patients/search`, { q }), changed: update });
  const search = remember(`call-search/${clinic}`, made);
  if (search.turn === 0) void search.find();
  return search;
}

/** The part of the form. @param {object} state of the set-up @param {object} clinic @param {(changes: object) => void} set */
export function patientPart(state, clinic, set) {
  if (state.typing) return typed(state, set);
  if (state.patient) return chosen(state, set);
  return picker(clinic, set);
}

function picker(clinic, set) {
  const search = searchIn(clinic.id);
  return html`<div class="field">
    <label for="patient-search">${t("call.patient")}</label>
    <p class="hint" id="patient-hint">${t("call.patient.hint")}</p>
    <div class="search">${icon("search")}<input class="input" id="patient-search" type="search" autocomplete="off" autocapitalize="words" spellcheck="false"
      enterkeyhint="search" aria-describedby="patient-hint" .value=${live(search.q)}
      @keydown=${(event) => { if (event.key === "Enter") event.preventDefault(); }}
      @input=${(event) => search.type(event.target.value)} /></div>
    ${results(search, set)}
    ${clinic.can_free_dial ? html`<p><button class="btn btn-quiet btn-small" type="button" @click=${() => toTyping(set)}>${icon("hash")}${t("call.type_number")}</button></p>` : nothing}
  </div>`;
}

function results(search, set) {
  const { found, error, foundFor, fresh } = search;
  if (error) return html`<p class="field-error" role="alert">${icon("circle-alert")}${t("call.patient.failed")} ${errorText(error)}</p>`;
  if (found === null || !(fresh || found.items.length)) return html`<p class="hint" role="status">${t("state.loading")}</p>`;
  if (!found.items.length) return html`<p class="hint" role="status">${foundFor ? t("call.patient.none") : t("call.patient.empty")}</p>`;
  // Keyed, so that a row under a finger never becomes another patient's.
  return html`<ul class="rows picks" aria-label=${t("call.patient.found")} aria-busy=${fresh ? "false" : "true"}>${repeat(found.items, (one) => one.id, (one) => html`<li>
      <button class="pick" type="button" aria-disabled=${fresh ? nothing : "true"} @click=${() => search.take(() => pick(one, set))}>
        <span class="strong" dir="auto">${one.name}</span>
        <span class="note soft">${patientMarks(one, one.mask)}</span>
        ${pickMark(one)}
      </button></li>`)}</ul>
    ${found.more ? html`<p class="hint">${t("call.patient.more")}</p>` : nothing}`;
}

function pickMark(one) {
  if (one.do_not_call) return html`<span class="pill pill-end">${icon("circle-x")}${t("patient.do_not_call")}</span>`;
  if (one.wrong || one.second_wrong) return html`<span class="pill pill-wait">${icon("triangle-alert")}${t("patients.wrong.short")}</span>`;
  return icon("chevron-right");
}

function pick(patient, set) {
  set({ patient, to: whichFirst(patient) });
  updateNow();
  document.querySelector("#patient-change")?.focus();
}

function chosen(state, set) {
  const { patient } = state;
  return html`<section class="field" aria-labelledby="patient-title">
    <h2 class="legend" id="patient-title">${t("call.patient")}</h2>
    <div class="card chosen">
      <div>
        <p class="chosen-name" dir="auto">${patient.name}</p>
        <p class="soft">${patientMarks(patient, state.to === "second" ? patient.second_mask : patient.mask)}</p>
      </div>
      <button class="btn btn-small" id="patient-change" type="button" @click=${() => back(set)}>${t("call.patient.change")}</button>
      ${notes(patient)}
    </div>
    ${patient.second_mask ? which(state, set) : nothing}
  </section>`;
}

function back(set) {
  set({ patient: null });
  updateNow();
  document.querySelector("#patient-search")?.focus();
}

/** What one has to know of this patient before one speaks. */
export function notes(patient) {
  const told = [
    patient.interpreter ? ["languages", t("patient.interpreter", { language: languageName(patient.language || "") || patient.language })] : null,
    !patient.interpreter && patient.language ? ["languages", t("patient.speaks", { language: languageName(patient.language) })] : null,
    patient.guardian ? ["users", t("patient.guardian", { name: patient.guardian })] : null,
    patient.message ? ["voicemail", t(`patient.message.${patient.message}`)] : null,
    patient.hide_clinic ? ["lock", t("patient.hide_clinic")] : null,
    ...["preferred", "second"].filter((to) => isWrong(patient, to)).map((to) => ["triangle-alert", wrongText(patient, to)]),
    patient.do_not_call ? ["circle-x", t("patient.do_not_call.long")] : null,
  ].filter(Boolean);
  return told.length ? html`<ul class="chosen-notes note">${told.map(([sign, text]) => html`<li>${icon(sign)}<span>${text}</span></li>`)}</ul>` : nothing;
}

function wrongText(patient, to) {
  return t("wrong.note", { digits: lastDigits(to === "second" ? patient.second_mask : patient.mask) });
}

function which(state, set) {
  const one = (name, mask) => html`<label class="choice">
    <input type="radio" name="to" value=${name} .checked=${state.to === name} @change=${() => set({ to: name })} />
    <span>${t(`call.to.${name}`)} <span class="soft nowrap">${t("patient.ending", { digits: lastDigits(mask) })}</span>
      ${isWrong(state.patient, name) ? html`<span class="pill pill-wait">${icon("triangle-alert")}${t("patients.wrong.short")}</span>` : nothing}</span></label>`;
  return html`<fieldset class="field"><legend class="unseen">${t("call.to")}</legend>
    <div class="choices choices-across">${one("preferred", state.patient.mask)}${one("second", state.patient.second_mask)}</div></fieldset>`;
}

function toTyping(set) {
  set({ typing: true, patient: null });
  updateNow();
  document.querySelector("#call-number")?.focus();
}

function typed(state, set) {
  return html`<div class="field">
    <label for="call-number">${t("call.typed")}</label>
    <p class="hint" id="call-number-hint">${t("call.typed.hint")}</p>
    <input class="input figures number-input" id="call-number" type="tel" inputmode="tel" autocomplete="off" maxlength="32" aria-describedby="call-number-hint"
      .value=${live(state.typed)} @input=${(event) => set({ typed: event.target.value })} />
    <p><button class="btn btn-quiet btn-small" type="button" @click=${() => set({ typing: false, typed: "" })}>${icon("search")}${t("call.pick_patient")}</button></p>
  </div>`;
}
