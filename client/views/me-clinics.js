/** The clinics one belongs to: invitations are taken or turned down, one may leave, and a new clinic is asked for. */
import { clinicsKnown, loadClinics, myClinics, myInvitations } from "../clinic-list.js";
import { countriesIn } from "../core/countries.js";
import { confirmDialog, openDialog } from "../parts/dialog.js";
import { carryOut, wrong } from "../parts/form-work.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { reload } from "../parts/loaded.js";
import { callout } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { date, screenLanguage, t } from "../parts/words.js";
import { screen } from "../screen.js";
import { leaveClinic } from "./clinic-members.js";

const RUNS = ["administrator", "desk"];

/** The section of the screen Me. */
export function clinicsSection() {
  if (!clinicsKnown()) return nothing;
  const clinics = myClinics();
  return html`<section class="section" aria-labelledby="me-clinics">
    <h2 id="me-clinics">${t("clinics.title")}</h2>
    <p class="soft">${t("clinics.text")}</p>
    ${invitations()}
    ${clinics.length ? html`<ul class="rows">${clinics.map(clinic)}</ul>` : nothing}
    <p><button class="btn" type="button" @click=${askForClinic}>${icon("plus")}${t("clinics.ask")}</button></p>
  </section>`;
}

/** Invitations alone, for where a clinic is missing. @param {() => void} [joined] */
export function invitations(joined) {
  return myInvitations().map((one) => callout("info", "building-2", html`<p><b>${t("clinics.invited", { clinic: one.name, role: t(`clinic.role.${one.role}`) })}</b></p>
    <p class="note soft">${t("members.until", { day: date(one.expires_at) })}</p>
    <p class="row"><button class="btn btn-small btn-primary" type="button" @click=${() => join(one, joined)}>${t("clinics.join")}</button>
      <button class="btn btn-small" type="button" @click=${() => decline(one)}>${t("clinics.decline")}</button></p>`));
}

function clinic(one) {
  return html`<li class="thing">${icon("building-2")}
    <div><p class="strong">${one.name} ${one.state === "verified" ? nothing : html`<span class="pill pill-wait">${t(`clinic.state.${one.state}`)}</span>`}</p>
      <p class="note soft">${t(`clinic.role.${one.role}`)}</p></div>
    ${RUNS.includes(one.role) ? html`<a class="btn btn-small push" href="/clinic/${one.id}">${t("open")}</a>` : nothing}
    ${one.state === "waiting" ? html`<button class="btn btn-small btn-danger" type="button" @click=${() => withdraw(one)}>${t("clinics.withdraw")}</button>`
      : html`<button class="btn btn-small btn-danger ${RUNS.includes(one.role) ? "" : "push"}" type="button" @click=${() => leaveClinic(one)}>${t("members.leave")}</button>`}</li>`;
}

async function act(work, done) {
  await work.then(() => done && toast(done), tellError);
  await Promise.all([loadClinics(), reload("calls/setup")]);
}

async function join(one, joined) {
  await act(screen.api.post(`/clinics/invitations/${one.id}/join`), t("clinics.joined", { clinic: one.name }));
  joined?.();
}

function decline(one) {
  return act(screen.api.delete(`/clinics/invitations/${one.id}`));
}

async function withdraw(one) {
  if (!(await confirmDialog({ title: t("clinics.withdraw.title"), text: t("clinics.withdraw.text"), yes: t("clinics.withdraw"), danger: true }))) return;
  await act(screen.api.delete(`/clinics/${one.id}`));
}

function askForClinic() {
  const { me } = screen.app.session;
  const form = { name: "", country: "", zone: me.time_zone, error: "", busy: false };
  const send = (event, close) => {
    event.preventDefault();
    void carryOut(form, async () => {
      await screen.api.post("/clinics", { name: form.name.trim(), country: form.country, time_zone: form.zone });
      close();
      toast(t("clinics.asked"));
      await loadClinics();
    });
  };
  const text = (name, more = {}) => html`<div class="field"><label for="clinic-${name}">${t(`clinics.${name}`)}</label>
    <p class="hint" id="clinic-${name}-hint">${t(`clinics.${name}.hint`)}</p>
    <input class="input" id="clinic-${name}" required maxlength=${more.max} autocomplete="off" aria-describedby="clinic-${name}-hint" .value=${form[name]} @input=${(event) => { form[name] = event.target.value; }} /></div>`;
  openDialog(t("clinics.ask"), (close) => html`<form class="stack" @submit=${(event) => send(event, close)}>
    <p class="soft">${t("clinics.ask.text")}</p>
    ${wrong(form)}
    ${text("name", { max: 80 })}
    <div class="field"><label for="clinic-country">${t("clinics.country")}</label><select class="input" id="clinic-country" required @change=${(event) => { form.country = event.target.value; }}>
      <option value="">${t("clinics.country.none")}</option>${countriesIn(screenLanguage()).map(({ code, name }) => html`<option value=${code} .selected=${code === form.country}>${name}</option>`)}</select></div>
    <div class="field"><label for="clinic-zone">${t("me.zone")}</label><select class="input" id="clinic-zone" @change=${(event) => { form.zone = event.target.value; }}>
      ${[...new Set([form.zone, ...(Intl.supportedValuesOf?.("timeZone") ?? [])])].map((zone) => html`<option .selected=${zone === form.zone}>${zone}</option>`)}</select></div>
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="submit" aria-busy=${form.busy ? "true" : "false"}>${t("clinics.ask.do")}</button></div>
  </form>`);
}
