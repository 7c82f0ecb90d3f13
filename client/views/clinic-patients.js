/** The clinic's address book: found by the beginning of a name or the whole number, added, changed, erased, imported. */
import { languageName } from "../fields.js";
import { html, live, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { patientMarks } from "../parts/patient-line.js";
import { skeleton, statement } from "../parts/states.js";
import { errorText, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";
import { importFile } from "./clinic-import.js";
import { editPatient } from "./clinic-patient-form.js";

const SEARCH_MS = 250;

function memory(clinic) {
  return remember(`patients/${clinic.id}`, () => {
    const state = { q: "", items: null, more: false, error: null, turn: 0, timer: null };
    void find(clinic, state);
    return state;
  });
}

/** Names and numbers go in the body, never in an address. */
async function find(clinic, state) {
  state.turn += 1;
  const { turn } = state;
  const answer = await screen.api.post(`/clinics/${clinic.id}/patients/search`, { q: state.q.trim() }).then((value) => ({ value }), (error) => ({ error }));
  if (turn !== state.turn) return;
  // What was found for other words is not what these words would find.
  Object.assign(state, { error: answer.error ?? null, items: answer.value?.items ?? null, more: answer.value?.more ?? false });
  update();
}

function type(clinic, state, q) {
  state.q = q;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => void find(clinic, state), SEARCH_MS);
  update();
}

/** What stands in the head of this part. @param {object} clinic */
export function partAction(clinic) {
  const again = () => find(clinic, memory(clinic));
  return html`<button class="btn btn-small" type="button" @click=${() => importFile(clinic, again)}>${icon("file-up")}${t("patients.import")}</button>
    <button class="btn btn-primary btn-small" type="button" @click=${() => editPatient(clinic, null, again)}>${icon("plus")}${t("patients.add")}</button>`;
}

/** @param {object} clinic */
export function clinicPart(clinic) {
  const state = memory(clinic);
  const again = () => find(clinic, state);
  return html`<div class="page page-wide">
    <div class="field"><label for="patients-search">${t("patients.search")}</label><p class="hint" id="patients-hint">${t("patients.search.hint")}</p>
      <div class="search">${icon("search")}<input class="input" id="patients-search" type="search" autocomplete="off" spellcheck="false" aria-describedby="patients-hint"
        .value=${live(state.q)} @input=${(event) => type(clinic, state, event.target.value)} /></div></div>
    ${list(clinic, state, again)}
    <p class="note soft">${icon("lock")} ${t("patients.sealed")}</p>
  </div>`;
}

function list(clinic, state, again) {
  if (state.error) return html`<p class="field-error" role="alert">${icon("circle-alert")}${errorText(state.error)}</p>`;
  if (state.items === null) return skeleton(4);
  if (!state.items.length) {
    return statement({ icon: "contact", title: state.q ? t("patients.none.found") : t("patients.none"), text: state.q ? t("patients.none.found.text") : t("patients.none.text") });
  }
  return html`<section class="section"><h2 class="legend">${state.q ? t("patients.found") : t("patients.lately")}</h2>
    <ul class="rows">${repeat(state.items, (one) => one.id, (one) => patient(clinic, one, again))}</ul>
    ${state.more ? html`<p class="hint">${t("call.patient.more")}</p>` : nothing}</section>`;
}

function patient(clinic, one, again) {
  const marks = [
    one.do_not_call ? html`<span class="pill pill-end">${icon("circle-x")}${t("patient.do_not_call")}</span>` : nothing,
    one.wrong || one.second_wrong ? html`<span class="pill pill-wait">${icon("triangle-alert")}${t("patients.wrong")}</span>` : nothing,
    one.interpreter ? html`<span class="pill">${icon("languages")}${languageName(one.language)}</span>` : nothing,
  ];
  return html`<li><button class="thing thing-button" type="button" aria-describedby="patient-${one.id}" @click=${() => editPatient(clinic, one, again)}>${icon("contact")}
    <span class="thing-words"><span class="strong" dir="auto">${one.name}</span><span class="note soft" id="patient-${one.id}">${patientMarks(one, one.mask)}</span><span class="row">${marks}</span></span>
    ${icon("chevron-right")}</button></li>`;
}
