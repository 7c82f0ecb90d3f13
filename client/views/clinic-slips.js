/** The desk: a slip for every patient who was called and not reached. Nothing clinical stands on it. */
import { Search } from "../core/search.js";
import { queryOf, slipPages } from "../core/slips.js";
import { html, live, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded, reload, shown } from "../parts/loaded.js";
import { patientMarks, patientWords } from "../parts/patient-line.js";
import { openDialog } from "../parts/dialog.js";
import { failure, skeleton, statement } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { exact, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";
import { callAgain } from "./call-setup.js";

const STATES = ["open", "claimed", "closed", "expired"];
const HOWS = ["reached", "no_answer", "wrong_number", "not_needed"];

const isWhole = (q) => queryOf(q) === "whole";

/** A name or a number that is looked for goes in the body, never in an address. */
const memory = (clinic) => remember(`slips/${clinic.id}`, () => ({
  state: "open", busy: new Set(), pages: {},
  search: new Search({ ask: (q) => screen.api.post(`/clinics/${clinic.id}/slips/search`, { q }), changed: update, worth: isWhole }),
}));

/** Whether the rows are those that one looks for, and not what was found for other words. */
const isHere = ({ search }) => !isWhole(search.q) || search.fresh;

function older(clinic, state) {
  state.pages[state.state] = (state.pages[state.state] ?? 1) + 1;
  void reload(`slips/${clinic.id}/${state.state}`);
}

async function act(clinic, state, slip, path, body = {}) {
  if (state.busy.has(slip.id)) return;
  state.busy.add(slip.id);
  update();
  try {
    await screen.api.post(`/slips/${slip.id}/${path}`, body);
    toast(t(`slip.done.${path}`));
  } catch (error) {
    tellError(error);
  }
  state.busy.delete(slip.id);
  const found = isWhole(state.search.q) ? state.search.find() : null;
  await Promise.all([found, ...STATES.map((name) => reload(`slips/${clinic.id}/${name}`))]);
}

/** @param {object} clinic */
export function clinicPart(clinic) {
  const state = memory(clinic);
  const { search } = state;
  return html`<div class="page page-wide">
    <p class="soft">${t("slips.text")}</p>
    <div class="filters">
      <div class="search">${icon("search")}<input class="input" type="search" aria-label=${t("slips.search")} placeholder=${t("slips.search")} autocomplete="off"
        .value=${live(search.q)} @input=${(event) => search.type(event.target.value)} /></div>
      ${search.q.trim() ? nothing : tabs(STATES, state.state, (name) => { state.state = name; update(); })}
    </div>
    ${list(clinic, state)}
  </div>`;
}

function list(clinic, state) {
  const { search, state: name } = state;
  if (queryOf(search.q) === "short" || search.error?.code === "slip.search") return html`<p class="hint" role="status">${t("refused.slip.search")}</p>`;
  if (isWhole(search.q)) return found(clinic, state);
  const asked = loaded(`slips/${clinic.id}/${name}`, (api) => slipPages((path) => api.get(path), clinic.id, name, state.pages[name] ?? 1));
  return shown(asked, (value) => rows(clinic, state, value));
}

function found(clinic, state) {
  const { search } = state;
  if (search.error) return failure(search.error, () => search.find());
  return search.fresh || search.found?.items.length ? rows(clinic, state, search.found) : skeleton(4);
}

function rows(clinic, state, { items, next }) {
  if (!items.length) return none(state);
  return html`<ul class="rows" aria-busy=${isHere(state) ? "false" : "true"}>${repeat(items, (one) => one.id, (one) => slip(clinic, state, one))}</ul>
    ${next ? html`<p><button class="btn" type="button" @click=${() => older(clinic, state)}>${t("slips.more")}</button></p>` : nothing}`;
}

function tabs(names, current, choose) {
  return html`<div class="tabs" role="group" aria-label=${t("slips.which")}>${names.map((name) => html`<button class="tab" type="button" aria-pressed=${name === current ? "true" : "false"}
    @click=${() => choose(name)}>${t(`slip.state.${name}`)}</button>`)}</div>`;
}

function none(state) {
  return statement({ icon: "clipboard-list", title: state.search.q.trim() ? t("slips.none.found") : t(`slips.none.${state.state}`), text: t("slips.none.text") });
}

function slip(clinic, state, one) {
  const due = one.state === "open" || one.state === "claimed";
  return html`<li class="thing slip">
    ${icon(one.kind === "incoming" ? "phone-incoming" : "phone-outgoing")}
    <div>
      <p class="strong" dir="auto">${patientWords({ patient: one.patient, mask: one.patient.mask })} ${pill(one)}</p>
      <p class="note soft">${patientMarks(one.patient, one.patient.name ? one.patient.mask : "")}</p>
      <p class="note">${t(`slip.kind.${one.kind}`, { who: one.callers[0] ?? "", time: exact(one.at) })}</p>
      ${["attempts", "their_calls"].filter((what) => one[what] > 1).map((what) => html`<p class="note">${t(`slip.${what}`, { count: one[what] })}</p>`)}
      ${one.called_back_at ? html`<p class="note">${icon("phone-incoming")} ${t("slip.called_back", { time: exact(one.called_back_at) })}</p>` : nothing}
      <p class="note soft">${one.calls_back ? takesBack(one) : t("slip.not_seen")}</p>
      ${due ? html`<p class="note soft">${icon("hourglass")} ${t("slip.expires", { time: exact(one.expires_at) })}</p>` : nothing}
      ${one.how ? html`<p class="note soft">${t(`slip.how.${one.how}`)}</p>` : nothing}
    </div>
    <div class="thing-acts">${actions(clinic, state, one)}</div>
  </li>`;
}

function takesBack(one) {
  return one.until && one.callers[0] ? t("slip.until", { who: one.callers[0], time: exact(one.until) }) : t("slip.desk");
}

function pill(one) {
  const tone = { open: "pill-wait", claimed: "", closed: "pill-done", expired: "pill-end" }[one.state];
  const text = one.state === "claimed" ? (one.mine ? t("slip.mine") : t("slip.claimed_by", { who: one.claimed_by ?? "" })) : t(`slip.state.${one.state}`);
  return html`<span class="pill ${tone}">${text}</span>`;
}

function actions(clinic, state, one) {
  const [here, busy] = [isHere(state), state.busy.has(one.id) ? "true" : "false"];
  const button = (text, work, { primary = false, sign = nothing } = {}) => html`<button class="btn btn-small ${primary ? "btn-primary" : ""}" type="button" aria-busy=${busy}
    aria-disabled=${here ? nothing : "true"} @click=${() => { if (isHere(state)) work(); }}>${sign}${text}</button>`;
  if (one.state === "open") return button(t("slip.claim"), () => act(clinic, state, one, "claim"), { primary: true });
  if (one.state !== "claimed") return nothing;
  return [
    one.mine && one.patient.id && mayCall(clinic) ? button(t("slip.call"), () => callAgain({ ...one, clinic }), { sign: icon("phone") }) : nothing,
    button(t("slip.close"), () => close(clinic, state, one), { primary: one.mine }),
    button(t("slip.open"), () => act(clinic, state, one, "open")),
  ];
}

/** Whether one may show a number of this clinic: else there is nothing to call with. */
function mayCall(clinic) {
  const { value } = loaded("calls/setup", (api) => api.get("/calls/setup"));
  return Boolean(value?.clinics.find((one) => one.id === clinic.id)?.numbers.length);
}

async function close(clinic, state, one) {
  const how = await openDialog(t("slip.close.title"), (done) => html`
    <p>${t("slip.close.text")}</p>
    <div class="choices">${HOWS.map((name) => html`<button class="btn" type="button" @click=${() => done(name)}>${t(`slip.how.${name}`)}</button>`)}</div>
    <div class="dialog-actions"><button class="btn btn-quiet" type="button" @click=${() => done()}>${t("cancel")}</button></div>`);
  if (how) await act(clinic, state, one, "close", { how });
}
