/** Ask: specialty, question, language, urgency, and the usual wait before one asks. What is typed is kept as a draft. */
import { loadConsults } from "../consult-list.js";
import { languageName, languages, specialties, specialtyInSentence } from "../fields.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { markedField, markList, marksIn } from "../parts/marked.js";
import { callout } from "../parts/states.js";
import { announce } from "../parts/toast.js";
import { errorText, screenLanguage, t } from "../parts/words.js";
import { go } from "../router.js";
import { remember, screen, update, updateNow } from "../screen.js";

const MAX = 2000;
const DRAFT = "ask";

function fresh() {
  const me = screen.app.session.me;
  return {
    form: { specialty: "", question: "", language: me?.languages?.[0] || screenLanguage(), urgency: "" },
    errors: {}, busy: false, wait: null, waitFor: "", kept: false, problem: null,
  };
}

function memory() {
  return remember("ask", () => {
    const state = fresh();
    screen.app.drafts.get(DRAFT).then((text) => {
      if (text && !state.form.question) {
        state.kept = true;
        Object.assign(state.form, JSON.parse(text));
        askWait(state);
      }
      update();
    }, () => {});
    return state;
  });
}

/** Fill the form from a consult that nobody took. @param {object} item */
export function askAgain(item, urgency) {
  const state = memory();
  Object.assign(state.form, { specialty: item.specialty, question: item.question, language: item.language, urgency: urgency || item.urgency });
  keep(state);
  go("/consults/ask");
}

function keep(state) {
  screen.app.drafts.set(DRAFT, JSON.stringify(state.form));
}

function change(state, name, value) {
  state.form[name] = value;
  if (state.errors[name]) delete state.errors[name];
  keep(state);
  if (name !== "question") askWait(state);
  update();
}

async function askWait(state) {
  const { specialty, urgency, language } = state.form;
  const wanted = `${specialty}/${urgency}/${language}`;
  if (!specialty || !urgency || state.waitFor === wanted) return;
  Object.assign(state, { waitFor: wanted, wait: null });
  try {
    const wait = await screen.api.get(`/wait?specialty=${specialty}&urgency=${urgency}&language=${language}`);
    if (state.waitFor === wanted) state.wait = wait;
  } catch {
    state.waitFor = "";
  }
  update();
}

function check(state) {
  const errors = {};
  if (!state.form.specialty) errors.specialty = t("ask.error.specialty");
  if (!state.form.question.trim()) errors.question = t("ask.error.question");
  if (!state.form.urgency) errors.urgency = t("ask.error.urgency");
  const marks = marksIn(state.form.question);
  if (marks.length) errors.question = t("gate.stops", { count: marks.length });
  return errors;
}

async function send(event, state) {
  event.preventDefault();
  if (state.busy) return;
  state.errors = check(state);
  if (Object.keys(state.errors).length) {
    updateNow();
    document.querySelector(".error-list")?.focus();
    return;
  }
  Object.assign(state, { busy: true, problem: null });
  update();
  const { specialty, question, language, urgency } = state.form;
  const sent = screen.app.publish("me", "consult.ask", { specialty, question: question.trim(), language, urgency });
  const late = setTimeout(() => leaveItWaiting(state), 6000);
  try {
    const { r } = await sent.promise;
    forget();
    loadConsults();
    if (location.pathname === "/consults/ask" || state.left) go(`/consults/${r}`, { replace: true });
  } catch (error) {
    Object.assign(state, { busy: false, problem: error });
    if (error.code !== "dropped") await screen.app.drop(sent.c);
    updateNow();
    document.querySelector(".error-list")?.focus();
  } finally {
    clearTimeout(late);
    update();
  }
}

/** The line is away: the question is kept on this device and goes out by itself. */
function leaveItWaiting(state) {
  state.left = location.pathname === "/consults/ask";
  forget();
  announce(t("ask.kept"));
  go("/consults");
}

function forget() {
  screen.app.drafts.clear(DRAFT);
  screen.ui.delete("ask");
}

/** The right pane on a desk, the whole screen on a phone. */
export function askPane() {
  const state = memory();
  const { form, errors } = state;
  return html`<div class="pane pane-detail">
    <header class="head">
      <a class="icon-btn only-phone" href="/consults" aria-label=${t("back")}>${icon("arrow-left")}</a>
      <h1 class="head-words" tabindex="-1">${t("ask.title")}</h1>
    </header>
    <form class="page" novalidate @submit=${(event) => send(event, state)}>
      ${errorList(state)}
      ${specialtyField(state)}
      ${questionField(state)}
      ${urgencyField(state)}
      ${languageField(form, state)}
      ${waitLine(state)}
      <div class="row">
        <button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"}>
          ${icon("send-horizontal")}${state.busy ? t("ask.sending") : form.specialty ? t("ask.send_to", { specialty: specialtyInSentence(form.specialty) }) : t("ask.send")}
        </button>
        <span class="note soft">${t("ask.pseudonym")} <a href="/who-knows-what">${t("who.link")}</a></span>
      </div>
    </form>
  </div>`;
}

function errorList({ errors, problem }) {
  const list = Object.entries(errors);
  if (!list.length && !problem) return nothing;
  return html`<div class="callout callout-end error-list" role="alert" tabindex="-1" data-error>${icon("circle-alert")}<div>
    <h2>${t("form.problem")}</h2>
    ${problem ? html`<p>${errorText(problem)}</p>` : nothing}
    <ul>${list.map(([name, text]) => html`<li><a href="#ask-${name}" @click=${jump}>${text}</a></li>`)}</ul>
  </div></div>`;
}

function jump(event) {
  event.preventDefault();
  const target = document.querySelector(event.target.getAttribute("href"));
  (target?.matches("input, select, textarea") ? target : target?.querySelector("input"))?.focus();
}

function wrong(text, id) {
  return text ? html`<p class="field-error" id=${id}>${icon("circle-alert")}${text}</p>` : nothing;
}

function specialtyField(state) {
  const { form, errors } = state;
  return html`<div class="field ${errors.specialty ? "field-wrong" : ""}">
    <label for="ask-specialty">${t("ask.specialty")}</label>
    ${wrong(errors.specialty, "ask-specialty-error")}
    <select class="input" id="ask-specialty" aria-describedby=${errors.specialty ? "ask-specialty-error" : nothing}
      aria-invalid=${errors.specialty ? "true" : nothing} @change=${(event) => change(state, "specialty", event.target.value)}>
      <option value="" .selected=${!form.specialty}>${t("ask.specialty.none")}</option>
      ${specialties().map((one) => html`<option value=${one.code} .selected=${one.code === form.specialty}>${one.name}</option>`)}
    </select>
  </div>`;
}

function questionField(state) {
  const { form, errors } = state;
  const marks = marksIn(form.question);
  const onText = (text) => change(state, "question", text);
  const left = MAX - form.question.length;
  return html`<div class="field ${errors.question ? "field-wrong" : ""}">
    <label for="ask-question">${t("ask.question")}</label>
    <p class="hint" id="ask-question-hint">${t("ask.question.hint")}</p>
    ${wrong(errors.question, "ask-question-error")}
    ${markedField({ id: "ask-question", text: form.question, marks, tall: true, invalid: Boolean(errors.question), max: MAX,
      describedby: `ask-question-hint ask-marks${errors.question ? " ask-question-error" : ""}`, onText })}
    ${markList(form.question, marks, onText, "ask-marks")}
    ${left < 200 ? html`<p class="hint figures">${t("ask.left", { count: left })}</p>` : nothing}
    ${state.kept && form.question ? html`<p class="hint">${t("draft.kept")}</p>` : nothing}
  </div>`;
}

function urgencyField(state) {
  const { form, errors } = state;
  return html`<fieldset class="field ${errors.urgency ? "field-wrong" : ""}" id="ask-urgency">
    <legend>${t("ask.urgency")}</legend>
    ${wrong(errors.urgency, "ask-urgency-error")}
    <div class="choices choices-across">${["now", "today", "no_hurry"].map((one) => html`<label class="choice">
      <input type="radio" name="urgency" value=${one} .checked=${form.urgency === one} @change=${() => change(state, "urgency", one)} />
      <span class="strong">${t(`urgency.${one}`)}</span>
      <span class="choice-note note soft">${t(`urgency.${one}.hint`)}</span>
    </label>`)}</div>
    ${form.urgency === "now" ? callout("end", "triangle-alert", html`<b>${t("ask.danger")}</b>`, "status") : nothing}
  </fieldset>`;
}

function languageField(form, state) {
  const own = screen.app.session.me?.languages || [];
  const codes = [...new Set([...own, form.language, ...languages().map((one) => one.code)])];
  return html`<div class="field">
    <label for="ask-language">${t("ask.language")}</label>
    <p class="hint" id="ask-language-hint">${t("ask.language.hint")}</p>
    <select class="input narrow" id="ask-language" aria-describedby="ask-language-hint"
      @change=${(event) => change(state, "language", event.target.value)}>
      ${codes.map((code) => html`<option value=${code} lang=${code} .selected=${code === form.language}>${languageName(code)}</option>`)}
    </select>
  </div>`;
}

function waitLine({ form, wait }) {
  if (!form.specialty || !form.urgency) return nothing;
  if (!wait) return html`<p class="callout" role="status">${icon("clock")}<span class="soft">${t("ask.wait.loading")}</span></p>`;
  const specialty = specialtyInSentence(form.specialty);
  const available = t(`ask.available.${wait.available}`, { specialty });
  const usual = wait.median_s == null ? t("ask.wait.unknown") : t("ask.wait.usual", { time: spanText(wait.median_s) });
  return callout(wait.available === "none" ? "wait" : "info", "clock", html`<b>${usual}</b><p>${available} ${t(`ask.wait.${form.urgency}`)}</p>`, "status");
}

/** "about 2 minutes". @param {number} seconds */
function spanText(seconds) {
  if (seconds < 90) return t("span.minute");
  if (seconds < 90 * 60) return t("span.minutes", { count: Math.round(seconds / 60) });
  return t("span.hours", { count: Math.round(seconds / 3600) });
}
