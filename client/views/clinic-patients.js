/** The clinic's address book: found by the beginning of a name or the whole number, added, changed, erased, imported. */
import { Search } from "../core/search.js";
import { languageName } from "../fields.js";
import { html, live, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { patientMarks } from "../parts/patient-line.js";
import { skeleton, statement } from "../parts/states.js";
import { errorText, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";
import { importFile } from "./clinic-import.js";
import { editPatient } from "./clinic-patient-form.js";

/** Names and numbers go in the body, never in an address. */
function searchIn(clinic) {
  const made = () => new Search({ ask: (q) => screen.api.post(`/clinics/${clinic.id}/patients/search`, { q }), changed: update });
  const search = remember(`patients/${clinic.id}`, made);
  if (search.turn === 0) void search.find();
  return search;
}

/** What stands in the head of this part. @param {object} clinic */
export function partAction(clinic) {
  const again = () => searchIn(clinic).find();
  return html`<button class="btn btn-small" type="button" @click=${() => importFile(clinic, again)}>${icon("file-up")}${t("patients.import")}</button>
    <button class="btn btn-primary btn-small" type="button" @click=${() => editPatient(clinic, null, again)}>${icon("plus")}${t("patients.add")}</button>`;
}

/** @param {object} clinic */
export function clinicPart(clinic) {
  const search = searchIn(clinic);
  return html`<div class="page page-wide">
    <div class="field"><label for="patients-search">${t("patients.search")}</label><p class="hint" id="patients-hint">${t("patients.search.hint")}</p>
      <div class="search">${icon("search")}<input class="input" id="patients-search" type="search" autocomplete="off" spellcheck="false" aria-describedby="patients-hint"
        .value=${live(search.q)} @input=${(event) => search.type(event.target.value)} /></div></div>
    ${list(clinic, search)}
    <p class="note soft">${icon("lock")} ${t("patients.sealed")}</p>
  </div>`;
}

function list(clinic, search) {
  const { found, error, foundFor, fresh } = search;
  if (error) return html`<p class="field-error" role="alert">${icon("circle-alert")}${errorText(error)}</p>`;
  if (found === null || !(fresh || found.items.length)) return skeleton(4);
  if (!found.items.length) {
    return statement({ icon: "contact", title: foundFor ? t("patients.none.found") : t("patients.none"), text: foundFor ? t("patients.none.found.text") : t("patients.none.text") });
  }
  return html`<section class="section"><h2 class="legend">${foundFor ? t("patients.found") : t("patients.lately")}</h2>
    <ul class="rows" aria-busy=${fresh ? "false" : "true"}>${repeat(found.items, (one) => one.id, (one) => patient(clinic, one, search))}</ul>
    ${found.more ? html`<p class="hint">${t("call.patient.more")}</p>` : nothing}</section>`;
}

function patient(clinic, one, search) {
  const marks = [
    one.do_not_call ? html`<span class="pill pill-end">${icon("circle-x")}${t("patient.do_not_call")}</span>` : nothing,
    one.wrong || one.second_wrong ? html`<span class="pill pill-wait">${icon("triangle-alert")}${t("patients.wrong")}</span>` : nothing,
    one.interpreter ? html`<span class="pill">${icon("languages")}${languageName(one.language)}</span>` : nothing,
  ];
  const open = () => search.take(() => editPatient(clinic, one, () => search.find()));
  return html`<li><button class="thing thing-button" type="button" aria-describedby="patient-${one.id}" aria-disabled=${search.fresh ? nothing : "true"} @click=${open}>${icon("contact")}
    <span class="thing-words"><span class="strong" dir="auto">${one.name}</span><span class="note soft" id="patient-${one.id}">${patientMarks(one, one.mask)}</span><span class="row">${marks}</span></span>
    ${icon("chevron-right")}</button></li>`;
}
