/** After a call: how it went, said once, and what then: try again at a time, ask the desk, done. */
import { refreshCall } from "../call-list.js";
import { likelyOutcome, wantsOutcome } from "../core/call.js";
import { laterTimes } from "../core/later.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { whenField, whenOf } from "../parts/when-field.js";
import { errorText, exact, exactIn, t } from "../parts/words.js";
import { remember, screen, update, updateNow } from "../screen.js";
import { callAgain } from "./call-setup.js";

const HOW = ["spoke", "someone_else", "left_message", "no_answer", "wrong_number"];
const THEN = ["done", "retry", "desk"];

function memory(r, end) {
  return remember(`call-outcome/${r}`, () => ({
    how: likelyOutcome(end) ?? "", then: "", retry: "", custom: "", busy: false, errors: {}, problem: null,
  }));
}

/** @param {string} r @param {object|null} item @param {object} call @param {object} end of `endOf` */
export function afterCall(r, item, call, end) {
  if (!wantsOutcome(end)) return again(item);
  const outcome = call.outcome ?? item?.outcome;
  if (outcome) return said(outcome, item);
  return isLate(item) ? [missed(), again(item)] : form(r, memory(r, end), item);
}

/** Whether the time to say it is over; a service that does not tell until when has no such time. */
function isLate(item) {
  return item?.state === "ended" && item.outcome_until !== undefined && !(item.outcome_until > screen.app.now());
}

function missed() {
  return html`<section class="section" aria-labelledby="outcome-title"><h2 id="outcome-title">${t("outcome.title.said")}</h2>
    <p class="soft">${t("outcome.missed")}</p></section>`;
}

/** The patient never rang: nothing is to be said of it, only to be tried again. */
function again(item) {
  if (!item?.clinic) return nothing;
  return html`<p class="row"><button class="btn btn-primary" type="button" @click=${() => callAgain(item)}>${icon("phone")}${t("call.again")}</button>
    <a class="btn" href="/calls">${t("done")}</a></p>`;
}

function said(outcome, item) {
  return html`<section class="section" aria-labelledby="outcome-title">
    <h2 id="outcome-title">${t("outcome.title.said")}</h2>
    <p class="fact-line fact-done">${icon("circle-check")}<span><b>${t(`outcome.${outcome.how}`)}</b> · ${thenText(outcome, item)}</span></p>
    ${outcome.how === "wrong_number" ? callout("wait", "triangle-alert", t("outcome.wrong_number.then")) : nothing}
    ${item?.clinic ? html`<p class="row"><button class="btn ${outcome.then === "retry" ? "btn-primary" : ""}" type="button" @click=${() => callAgain(item)}>${icon("phone")}${t("call.again")}</button>
      ${item.outcome?.retry_stands ? html`<button class="btn" type="button" @click=${() => endRetry(item.r)}>${icon("circle-check")}${t("then.retry.done")}</button>` : nothing}</p>` : nothing}
  </section>`;
}

/** It need not be tried again: it leaves the list of those that are, and reminds nobody. */
async function endRetry(r) {
  try {
    await screen.api.post(`/calls/${r}/retry/done`);
    toast(t("then.retry.ended"));
  } catch (error) {
    toast(errorText(error));
  }
  await refreshCall(r);
}

function thenText({ then, retry_at: at }, item) {
  return then === "retry" && at ? t("then.retry.at", { time: exactIn(at, zoneOf(item)) }) : t(`then.${then}.said`);
}

function form(r, state, item) {
  const { how, errors } = state;
  return html`<form class="section" novalidate aria-labelledby="outcome-title" @submit=${(event) => save(event, r, state, zoneOf(item))}>
    <h2 id="outcome-title">${t("outcome.title")}</h2>
    <p class="hint">${t("outcome.hint")} ${item?.outcome_until ? t("outcome.until", { time: exact(item.outcome_until) }) : nothing}</p>
    ${state.problem ? callout("end", "circle-alert", errorText(state.problem), "alert") : nothing}
    <fieldset class="field ${errors.how ? "field-wrong" : ""}"><legend class="unseen">${t("outcome.title")}</legend>
      ${wrong(errors.how)}
      <div class="choices">${HOW.map((one) => choice("how", one, how === one, t(`outcome.${one}`), () => set(state, { how: one })))}</div></fieldset>
    <fieldset class="field ${errors.then ? "field-wrong" : ""}"><legend>${t("then.title")}</legend>
      ${wrong(errors.then)}
      <div class="choices choices-across">${THEN.map((one) => choice("then", one, state.then === one, t(`then.${one}`), () => set(state, { then: one })))}</div></fieldset>
    ${state.then === "retry" ? when(state, zoneOf(item)) : nothing}
    <p><button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"}>${t("outcome.save")}</button></p>
  </form>`;
}

function choice(name, value, checked, text, act) {
  return html`<label class="choice choice-slim"><input type="radio" name=${name} value=${value} .checked=${checked} @change=${act} /><span>${text}</span></label>`;
}

function set(state, changes) {
  Object.assign(state, changes, { errors: {}, problem: null });
  update();
}

function wrong(text) {
  return text ? html`<p class="field-error" role="alert">${icon("circle-alert")}${text}</p>` : nothing;
}

/** The clock of the clinic that called: the patient's and the desk's, wherever one is oneself. */
function zoneOf(item) {
  return item?.clinic?.time_zone || screen.app.session.me?.time_zone;
}

function when(state, zone) {
  const times = laterTimes(screen.app.now(), zone);
  return html`<fieldset class="field ${state.errors.retry ? "field-wrong" : ""}"><legend>${t("then.when")}</legend>
    ${wrong(state.errors.retry)}
    <div class="choices choices-across">
      ${times.map(({ name, at }) => choice("retry", name, state.retry === name, html`${t(`then.when.${name}`)} <span class="soft nowrap">${exactIn(at, zone)}</span>`, () => set(state, { retry: name })))}
      ${choice("retry", "custom", state.retry === "custom", t("then.when.custom"), () => set(state, { retry: "custom" }))}
    </div>
    ${state.retry === "custom" ? whenField({ id: "retry-at", label: t("time.label"), value: state.custom, zone, set: (custom) => set(state, { custom }) }) : nothing}
  </fieldset>`;
}

/** The instant that was chosen, Unix ms; null where there is none to come. */
function retryAt(state, zone) {
  const now = screen.app.now();
  const at = state.retry === "custom" ? whenOf(state.custom, zone) : laterTimes(now, zone).find(({ name }) => name === state.retry)?.at;
  return at > now ? at : null;
}

function check(state, zone) {
  const errors = {};
  if (!state.how) errors.how = t("outcome.error.how");
  if (!state.then) errors.then = t("outcome.error.then");
  if (state.then === "retry" && retryAt(state, zone) === null) errors.retry = t("outcome.error.retry");
  return errors;
}

async function save(event, r, state, zone) {
  event.preventDefault();
  if (state.busy) return;
  state.errors = check(state, zone);
  if (Object.keys(state.errors).length) {
    updateNow();
    document.querySelector(".field-wrong input")?.focus();
    return;
  }
  state.busy = true;
  update();
  const retry = state.then === "retry" ? { retry_at: retryAt(state, zone) } : {};
  const sent = screen.app.publish(r, "call.outcome", { how: state.how, then: state.then, ...retry });
  try {
    await sent.promise;
    toast(t("outcome.saved"));
    await refreshCall(r);
    screen.ui.delete(`call-outcome/${r}`);
  } catch (error) {
    await screen.app.drop(sent.c);
    state.problem = error;
    void refreshCall(r);
  }
  state.busy = false;
  update();
}
