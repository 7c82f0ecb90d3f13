/** A patient's entry as a form: who they are, how to reach them, and what they wish. A number is shown to nobody again. */
import { languageName, languages } from "../fields.js";
import { confirmDialog, openDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { lastDigits } from "../parts/patient-line.js";
import { tellError, toast } from "../parts/toast.js";
import { errorText, t } from "../parts/words.js";
import { screen, update, updateNow } from "../screen.js";

const MESSAGES = ["yes", "name_only", "no"];
const EMPTY = { name: "", born: "", number: "", second: "", message: "name_only", hide_clinic: false, language: "en", interpreter: false, guardian: "", do_not_call: false };

/** @param {object} clinic @param {object|null} patient null: a new one @param {() => void} done */
export async function editPatient(clinic, patient, done) {
  let before = null;
  try {
    // Looking at an entry is recorded, so it is asked for by itself and not taken from a list.
    before = patient && (await screen.api.get(`/clinics/${clinic.id}/patients/${patient.id}`));
  } catch (error) {
    return tellError(error);
  }
  const form = { ...EMPTY, ...pick(before), changed: new Set(), error: "", field: "", busy: false };
  const send = async (event, close) => {
    event.preventDefault();
    if (form.busy) return;
    Object.assign(form, { busy: true, error: "", field: "" });
    update();
    try {
      await store(clinic, before, form);
      close();
      toast(before ? t("saved") : t("patients.added"));
      done();
    } catch (error) {
      Object.assign(form, { error: errorText(error), field: error.d?.field ?? "" });
    }
    form.busy = false;
    updateNow();
    if (form.error) document.querySelector(`#patient-${form.field || "name"}`)?.focus();
  };
  return openDialog(before ? t("patients.edit.title") : t("patients.add.title"), (close) => fields(clinic, before, form, (event) => send(event, close), close, done));
}

function pick(before) {
  return before ? Object.fromEntries(Object.keys(EMPTY).filter((name) => name in before).map((name) => [name, before[name]])) : {};
}

/** Only what was changed is sent, so that nothing that somebody else changed meanwhile is put back. */
function store(clinic, before, form) {
  const body = Object.fromEntries(Object.keys(EMPTY).filter((name) => !before || form.changed.has(name)).map((name) => [name, form[name]]));
  if (!before) return screen.api.post(`/clinics/${clinic.id}/patients`, body);
  return screen.api.patch(`/clinics/${clinic.id}/patients/${before.id}`, body);
}

function fields(clinic, before, form, send, close, done) {
  const set = (name, value) => { form[name] = value; form.changed.add(name); update(); };
  const text = (name, more = {}) => field(form, name, set, more);
  return html`<form class="stack" novalidate autocomplete="off" @submit=${send}>
    ${form.error ? html`<p class="field-error" role="alert">${icon("circle-alert")}${form.error}</p>` : nothing}
    ${text("name", { max: 120 })}
    ${text("born", { type: "date" })}
    ${text("number", { type: "tel", hint: before?.mask ? t("patients.number.held", { digits: lastDigits(before.mask) }) : t("patients.number.hint"), wrong: before?.wrong })}
    ${text("second", { type: "tel", hint: before?.second_mask ? t("patients.number.held", { digits: lastDigits(before.second_mask) }) : t("patients.second.hint"), wrong: before?.second_wrong })}
    <fieldset class="field"><legend>${t("patients.message")}</legend><div class="choices">${MESSAGES.map((name) => html`<label class="choice choice-slim">
      <input type="radio" name="message" value=${name} .checked=${form.message === name} @change=${() => set("message", name)} /><span>${t(`patients.message.${name}`)}</span></label>`)}</div></fieldset>
    <div class="field"><label for="patient-language">${t("patients.language")}</label><select class="input" id="patient-language" @change=${(event) => set("language", event.target.value)}>
      ${codes(form.language).map((code) => html`<option value=${code} .selected=${code === form.language}>${languageName(code)}</option>`)}</select></div>
    ${text("guardian", { max: 120, hint: t("patients.guardian.hint") })}
    <div class="field">${["interpreter", "hide_clinic", "do_not_call"].map((name) => html`<label class="check check-bare"><input type="checkbox" .checked=${form[name]} @change=${(event) => set(name, event.target.checked)} /><span>${t(`patients.${name}`)}</span></label>`)}</div>
    <div class="dialog-actions">
      ${before ? html`<button class="btn btn-danger" type="button" @click=${() => erase(clinic, before, done)}>${t("patients.erase")}</button>` : nothing}
      <button class="btn push" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="submit" aria-busy=${form.busy ? "true" : "false"}>${t("save")}</button></div>
  </form>`;
}

function field(form, name, set, { type = "text", hint = "", max = 40, wrong = false }) {
  const id = `patient-${name}`;
  return html`<div class="field ${form.field === name ? "field-wrong" : ""}"><label for=${id}>${t(`patients.${name}`)}</label>
    <p class="hint" id="${id}-hint">${hint}${wrong ? html` <b>${t("patients.wrong.text")}</b>` : nothing}</p>
    <input class="input" id=${id} type=${type} maxlength=${max} autocomplete="off" spellcheck="false" aria-describedby="${id}-hint" aria-invalid=${form.field === name ? "true" : nothing}
      .value=${form[name]} @input=${(event) => set(name, event.target.value)} /></div>`;
}

function codes(own) {
  return [...new Set([own, ...languages().map((one) => one.code)])];
}

async function erase(clinic, patient, done) {
  if (!(await confirmDialog({ title: t("patients.erase.title", { name: patient.name }), text: t("patients.erase.text"), yes: t("patients.erase"), danger: true }))) return;
  await screen.api.delete(`/clinics/${clinic.id}/patients/${patient.id}`).then(() => toast(t("patients.erased")), tellError);
  done();
}
