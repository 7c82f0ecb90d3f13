/** Where a call back to a number that Curbside holds goes: the desk, who is on call, by hours, or a message that names no one. */
import { html, live, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { confirmDialog, openDialog } from "../parts/dialog.js";
import { carryOut, wrong } from "../parts/form-work.js";
import { loaded, reload, shown } from "../parts/loaded.js";
import { lastDigits } from "../parts/patient-line.js";
import { callout } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { whenField, whenOf } from "../parts/when-field.js";
import { errorText, exactIn, LANGUAGES, screenLanguage, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";

const ROUTES = ["desk", "on_call", "hours", "message"];
const AFTER = ["on_call", "message"];
const MONDAY = new Date(Date.UTC(2024, 0, 1));
const keyOf = (clinic) => `incoming/${clinic.id}`;

function dayName(number) {
  const at = new Date(MONDAY.getTime() + number * 86_400_000);
  return new Intl.DateTimeFormat(screenLanguage(), { weekday: "long", timeZone: "UTC" }).format(at);
}

/** @param {object} clinic */
export function clinicPart(clinic) {
  const rule = loaded(keyOf(clinic), (api) => api.get(`/clinics/${clinic.id}/incoming`));
  return html`<div class="page page-wide">
    <p class="soft">${t("incoming.text")}</p>
    ${shown(rule, (value) => clinic.role === "administrator" ? form(clinic, value) : told(value))}
    ${shown(rule, (value) => onCall(clinic, value))}
  </div>`;
}

function told(value) {
  return callout("info", "phone-forwarded", html`<b>${t(`route.${value.route}`)}</b><p>${t(`route.${value.route}.hint`)}</p>`);
}

function memory(clinic, value) {
  return remember(`incoming-form/${clinic.id}`, () => ({
    route: value.route, after_hours: value.after_hours, language: value.language, hours: value.hours.map((one) => ({ ...one })),
    desk: "", noDesk: false, busy: false, error: "", changed: false,
  }));
}

function form(clinic, value) {
  const state = memory(clinic, value);
  const set = (changes) => { Object.assign(state, changes, { changed: true, error: "" }); update(); };
  return html`<form class="stack stack-loose" novalidate @submit=${(event) => save(event, clinic, state)}>
    <fieldset class="field"><legend>${t("incoming.route")}</legend>
      <div class="choices">${ROUTES.map((name) => html`<label class="choice"><input type="radio" name="route" value=${name} .checked=${state.route === name} aria-describedby="route-${name}" @change=${() => set({ route: name })} />
        <span class="strong">${t(`route.${name}`)}</span><span class="choice-note note soft" id="route-${name}">${t(`route.${name}.hint`)}</span></label>`)}</div></fieldset>
    ${state.route !== "message" || value.desk ? deskField(value, state, set) : nothing}
    ${state.route === "hours" ? hoursField(state, set) : nothing}
    <div class="field"><label for="incoming-language">${t("incoming.language")}</label>
      <select class="input narrow" id="incoming-language" @change=${(event) => set({ language: event.target.value })}>
        ${Object.entries(LANGUAGES).map(([tag, name]) => html`<option value=${tag} lang=${tag} .selected=${tag === state.language}>${name}</option>`)}</select></div>
    ${state.error ? html`<p class="field-error" role="alert">${icon("circle-alert")}${state.error}</p>` : nothing}
    <p><button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"} aria-disabled=${state.changed ? nothing : "true"}>${t("save")}</button></p>
  </form>`;
}

const needsDesk = (state) => state.route === "desk" || state.route === "hours";

function deskField(value, state, set) {
  return html`<div class="field"><label for="desk-number">${t("incoming.desk")}</label>
    <p class="hint" id="desk-hint">${value.desk ? t("incoming.desk.now", { digits: lastDigits(value.desk.mask) }) : t(needsDesk(state) ? "incoming.desk.needed" : "incoming.desk.none")}</p>
    <input class="input number-input figures" id="desk-number" type="tel" inputmode="tel" autocomplete="off" aria-describedby="desk-hint" .value=${live(state.desk)} @input=${(event) => set({ desk: event.target.value })} />
    ${value.desk && !needsDesk(state) ? html`<label class="check check-bare"><input type="checkbox" .checked=${state.noDesk} @change=${(event) => set({ noDesk: event.target.checked })} /><span>${t("incoming.desk.remove")}</span></label>` : nothing}</div>`;
}

function hoursField(state, set) {
  const change = (n, changes) => set({ hours: state.hours.map((one, at) => (at === n ? { ...one, ...changes } : one)) });
  const time = (n, name, value) => html`<input class="input figures" type="time" aria-label=${t(`incoming.${name}`)} .value=${value} @input=${(event) => event.target.value && change(n, { [name]: event.target.value })} />`;
  return html`<fieldset class="field"><legend>${t("incoming.hours")}</legend>
    <ul class="stack stack-tight">${state.hours.map((one, n) => html`<li class="opening">
      <select class="input" aria-label=${t("incoming.day")} @change=${(event) => change(n, { day: Number(event.target.value) })}>
        ${[0, 1, 2, 3, 4, 5, 6].map((number) => html`<option value=${number} .selected=${number === one.day}>${dayName(number)}</option>`)}</select>
      ${time(n, "from", one.from)}<span aria-hidden="true">–</span>${time(n, "to", one.to)}
      <button class="icon-btn" type="button" aria-label=${t("incoming.hours.remove", { day: dayName(one.day) })} @click=${() => set({ hours: state.hours.filter((_, at) => at !== n) })}>${icon("trash-2")}</button></li>`)}</ul>
    <p class="opening-add"><button class="btn btn-small" type="button" @click=${() => set({ hours: [...state.hours, { day: nextDay(state.hours), from: "08:00", to: "17:00" }] })}>${icon("plus")}${t("incoming.hours.add")}</button></p>
    <div class="field"><label for="after-hours">${t("incoming.after")}</label><select class="input" id="after-hours" @change=${(event) => set({ after_hours: event.target.value })}>
      ${AFTER.map((name) => html`<option value=${name} .selected=${name === state.after_hours}>${t(`route.${name}`)}</option>`)}</select></div>
  </fieldset>`;
}

function nextDay(hours) {
  return hours.length ? (hours[hours.length - 1].day + 1) % 7 : 0;
}

async function save(event, clinic, state) {
  event.preventDefault();
  if (state.busy || !state.changed) return;
  Object.assign(state, { busy: true, error: "" });
  update();
  const removed = state.noDesk && !needsDesk(state) && !state.desk.trim();
  const desk = state.desk.trim() ? { desk_number: state.desk.trim() } : removed ? { desk_number: "" } : {};
  try {
    await screen.api.put(`/clinics/${clinic.id}/incoming`, { route: state.route, after_hours: state.after_hours, hours: state.hours, language: state.language, ...desk });
    screen.ui.delete(`incoming-form/${clinic.id}`);
    toast(t("saved"));
    await reload(keyOf(clinic));
  } catch (error) {
    Object.assign(state, { busy: false, error: errorText(error) });
  }
  update();
}

// --- who is on call ---------------------------------------------------------------------------------------------------------------

function onCall(clinic, value) {
  const may = clinic.role === "administrator";
  return html`<section class="section" aria-labelledby="on-call-title">
    <h2 id="on-call-title">${t("oncall.title")}</h2>
    <p class="hint">${t("oncall.text")}</p>
    ${value.on_call.length ? html`<ul class="rows">${value.on_call.map((turn) => html`<li class="thing">${icon("calendar-clock")}
      <div><p class="strong">${turn.name}</p><p class="note soft">${t("oncall.turn", { from: exactIn(turn.from, clinic.time_zone), until: exactIn(turn.until, clinic.time_zone), digits: lastDigits(turn.mask) })}</p></div>
      ${may ? html`<button class="btn btn-small btn-danger push" type="button" @click=${() => endTurn(clinic, turn)}>${t("end")}</button>` : nothing}</li>`)}</ul>`
      : html`<p class="soft">${t("oncall.none")}</p>`}
    ${may ? html`<p><button class="btn" type="button" @click=${() => addTurn(clinic)}>${icon("plus")}${t("oncall.add")}</button></p>` : nothing}
  </section>`;
}

async function endTurn(clinic, turn) {
  if (!(await confirmDialog({ title: t("oncall.end.title"), text: t("oncall.end.text", { who: turn.name }), yes: t("end"), danger: true }))) return;
  await screen.api.delete(`/on-call/${turn.id}`).then(() => toast(t("ended_access")), tellError);
  await reload(keyOf(clinic));
}

async function addTurn(clinic) {
  let members;
  try {
    members = (await screen.api.get(`/clinics/${clinic.id}/members`)).items;
  } catch (error) {
    return tellError(error);
  }
  const form = { member: "", number: "", from: "", until: "", error: "", busy: false };
  const zone = clinic.time_zone;
  const send = (event, close) => {
    event.preventDefault();
    if (whenOf(form.from, zone) === null || whenOf(form.until, zone) === null) return void document.querySelector(".dialog .field-wrong input")?.focus();
    void carryOut(form, async () => {
      await screen.api.post(`/clinics/${clinic.id}/on-call`, { member: form.member, number: form.number, from: whenOf(form.from, zone), until: whenOf(form.until, zone, true) });
      close();
      await reload(keyOf(clinic));
    });
  };
  const when = (name) => whenField({ id: `turn-${name}`, label: t(`oncall.${name}`), value: form[name], zone, last: name === "until", set: (value) => { form[name] = value; update(); } });
  return openDialog(t("oncall.add"), (close) => html`<form class="stack" @submit=${(event) => send(event, close)}>
    <div class="field"><label for="turn-member">${t("oncall.member")}</label><select class="input" id="turn-member" required @change=${(event) => { form.member = event.target.value; }}>
      <option value="">${t("oncall.member.none")}</option>${members.map((one) => html`<option value=${one.id} .selected=${one.id === form.member}>${one.name}</option>`)}</select></div>
    <div class="field"><label for="turn-number">${t("oncall.number")}</label><p class="hint" id="turn-number-hint">${t("oncall.number.hint")}</p>
      <input class="input number-input figures" id="turn-number" type="tel" required autocomplete="off" aria-describedby="turn-number-hint" .value=${form.number} @input=${(event) => { form.number = event.target.value; }} /></div>
    ${when("from")}${when("until")}
    ${wrong(form)}
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="submit" aria-busy=${form.busy ? "true" : "false"}>${t("oncall.do")}</button></div>
  </form>`);
}
