/** All calls of the clinic: filters, figures as a chart, the list, one record beside it, and a CSV with masks. */
import { html, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded, shown, unload } from "../parts/loaded.js";
import { openDialog } from "../parts/dialog.js";
import { patientMarks, patientWords } from "../parts/patient-line.js";
import { statement } from "../parts/states.js";
import { tellError } from "../parts/toast.js";
import { errorText, exact, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";
import { callFacts, endText, talkText } from "./call-facts.js";
import { chart } from "./clinic-chart.js";

const SPANS = [7, 30, 90];
const RESULTS = { "": {}, talked: { talked: true }, not: { talked: false } };
const DAY_MS = 86_400_000;

const memory = (clinic) => remember(`clinic-calls/${clinic.id}`, () => ({ days: 30, result: "", reason: "", who: "", older: [], next: undefined, busy: false }));

/** Ids and words only: no filter is a name or a number, for it stands in an address. */
function query(state, more = {}) {
  const since = (Math.floor(screen.app.now() / DAY_MS) - state.days + 1) * DAY_MS;
  const all = { since, member: state.who, reason: state.reason, ...RESULTS[state.result], ...more };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value !== "" && value !== null)).toString();
}

function set(clinic, state, changes) {
  Object.assign(state, changes, { older: [], next: undefined });
  unload(`clinic-calls/${clinic.id}`);
  update();
}

/** @param {object} clinic */
export function clinicPart(clinic) {
  const state = memory(clinic);
  const words = query(state);
  const figures = loaded(`clinic-calls/${clinic.id}/figures`, (api) => api.get(`/clinics/${clinic.id}/calls/minutes?${words}`));
  const list = loaded(`clinic-calls/${clinic.id}/list`, (api) => api.get(`/clinics/${clinic.id}/calls?${words}`));
  return html`<div class="page page-wide">
    ${filters(clinic, state, figures.value)}
    ${shown(figures, (value) => chart(value))}
    ${shown(list, (value) => calls(clinic, state, value))}
  </div>`;
}

function filters(clinic, state, figures) {
  const members = loaded(`members/${clinic.id}`, (api) => api.get(`/clinics/${clinic.id}/members`)).value?.items ?? [];
  const select = (name, value, options) => html`<label class="filter"><span>${t(`filter.${name}`)}</span><select class="input" @change=${(event) => set(clinic, state, { [name]: name === "days" ? Number(event.target.value) : event.target.value })}>
    ${options.map(([key, text]) => html`<option value=${key} .selected=${String(key) === String(value)}>${text}</option>`)}</select></label>`;
  return html`<div class="filters">
    ${select("days", state.days, SPANS.map((days) => [days, t("filter.days.last", { count: days })]))}
    ${select("result", state.result, [["", t("filter.all")], ...["talked", "not"].map((name) => [name, t(`filter.result.${name}`)])])}
    ${select("reason", state.reason, [["", t("filter.all")], ...ended(state, figures)])}
    ${select("who", state.who, [["", t("filter.everyone")], ...members.map((one) => [one.id, one.name])])}
    <a class="btn push" href="/api/v1/clinics/${clinic.id}/calls.csv?${query(state)}" download>${icon("download")}${t("clinic.calls.csv")}</a>
  </div>`;
}

/** The ways in which calls of this time ended, and the one that is chosen, which may be none of them by now. */
function ended(state, figures) {
  const all = [...(figures?.reasons ?? []), ...(figures?.refusals ?? [])];
  const known = all.some((one) => one.reason === state.reason) || !state.reason ? all : [...all, { reason: state.reason, says: "" }];
  return known.map((one) => [one.reason, endText(one)]);
}

function calls(clinic, state, { items, next }) {
  const all = [...items, ...state.older];
  const more = state.next === undefined ? next : state.next;
  if (!all.length) return statement({ icon: "phone", title: t("clinic.calls.none"), text: t("clinic.calls.none.text") });
  return html`<section class="section"><h2 class="unseen">${t("clinic.calls")}</h2>
    <ul class="rows">${repeat(all, (item) => item.r, row)}</ul>
    ${more ? html`<p><button class="btn" type="button" @click=${() => loadOlder(clinic, state, more)}>${state.busy ? t("state.loading") : t("calls.older")}</button></p>` : nothing}</section>`;
}

async function loadOlder(clinic, state, before) {
  if (state.busy) return;
  const words = query(state);
  state.busy = true;
  update();
  try {
    const page = await screen.api.get(`/clinics/${clinic.id}/calls?${query(state, { before })}`);
    // Where other filters hold by now, what these found belongs to no list.
    if (words === query(state)) Object.assign(state, { older: [...state.older, ...page.items], next: page.next ?? null });
  } catch (error) {
    tellError(error);
  }
  state.busy = false;
  update();
}

function row(item) {
  const live = item.state === "live";
  const talked = talkText(item);
  return html`<li><button class="thing thing-button" type="button" @click=${() => openRecord(item)}>
    <span class=${item.talked_s ? "tone-done" : live ? "tone-live" : "tone-end"}>${icon(live ? "phone-call" : item.talked_s ? "phone-outgoing" : "phone-off")}</span>
    <span class="thing-words"><span class="strong" dir="auto">${patientWords(item)}</span>
      <span class="note soft">${live ? t("calls.live.now") : endText(item)}${item.outcome ? html` · ${t(`outcome.${item.outcome.how}`)}` : nothing}</span>
      <span class="note soft">${item.shown ? t("clinic.calls.by", { who: item.who ?? "", number: item.shown }) : item.who}</span></span>
    <span class="thing-side note"><time>${exact(item.at)}</time>${talked ? html`<span class="figures">${talked}</span>` : nothing}</span>
  </button></li>`;
}

function openRecord(item) {
  const state = { whole: null, error: null };
  screen.api.get(`/calls/${item.r}`).then((whole) => { state.whole = whole; update(); }, (error) => { state.error = error; update(); });
  openDialog(patientWords(item), () => html`<div class="stack"><p class="soft">${patientMarks(item.patient, item.mask)}</p>
    <p class="strong">${item.state === "live" ? t("calls.live.now") : endText(item)}</p>
    ${state.error ? html`<p class="field-error">${icon("circle-alert")}${errorText(state.error)}</p>` : nothing}
    ${callFacts({ ...item, ...state.whole })}</div>`, "dialog-wide");
}
