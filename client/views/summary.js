/** A consult's signed summary, to copy; and the page that checks a pasted one. */
import { consultOf } from "../consult-list.js";
import { specialtyName } from "../fields.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout, failure, skeleton } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { errorText, exact, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";

function load(r) {
  return remember(`summary/${r}`, () => {
    const state = { phase: "loading", summary: null, error: null };
    screen.api.get(`/consults/${r}/summary`).then(
      (summary) => Object.assign(state, { phase: "ready", summary }),
      (error) => Object.assign(state, { phase: "error", error }),
    ).finally(update);
    return state;
  });
}

/** Ask for it anew when one comes to the page. @param {string} r */
function freshSummary(r) {
  screen.ui.delete(`summary/${r}`);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("summary.copied"));
  } catch {
    toast(t("copy.failed"));
  }
}

/** The right pane. @param {string} r */
export function summaryPane(r) {
  const state = load(r);
  const item = consultOf(r);
  return html`<div class="pane pane-detail">
    <header class="head">
      <a class="icon-btn" href="/consults/${r}" aria-label=${t("summary.back")}>${icon("arrow-left")}</a>
      <div class="head-words"><h1 tabindex="-1">${t("summary.title")}</h1>
        <p class="head-sub">${item && !item.gone ? specialtyName(item.specialty) : nothing}</p></div>
    </header>
    ${state.phase === "loading" ? skeleton(5) : nothing}
    ${state.phase === "error" ? failure(state.error, () => { freshSummary(r); update(); }) : nothing}
    ${state.phase === "ready" ? text(state.summary) : nothing}
  </div>`;
}

function text(summary) {
  return html`<div class="page">
    ${callout("info", "info", html`<b>${t("summary.policy")}</b><p>${t("summary.nameless")}</p>`)}
    ${summary.outdated ? callout("wait", "history", html`<b>${t("summary.outdated")}</b>${changeList(summary.changes)}`) : nothing}
    <div class="row">
      <button class="btn btn-primary" type="button" @click=${() => copy(summary.text)}>${icon("copy")}${t("summary.copy")}</button>
      <a class="btn" href="/verify">${icon("file-check")}${t("verify.title")}</a>
    </div>
    <pre class="summary" tabindex="0" role="region" aria-label=${t("summary.title")}>${summary.text}</pre>
  </div>`;
}

function changeList(changes) {
  if (!changes?.length) return nothing;
  return html`<ul class="changes">${changes.map((one) => {
    const key = `verify.change.${one.kind}`;
    const words = t(key);
    return html`<li><time>${exact(one.at)}</time> ${words === key ? one.kind : words}</li>`;
  })}</ul>`;
}

async function verify(event) {
  event.preventDefault();
  const state = remember("verify", () => ({ text: "", answer: null, error: null, busy: false }));
  Object.assign(state, { busy: true, answer: null, error: null });
  update();
  try {
    state.answer = await screen.api.post("/summaries/verify", { text: state.text });
  } catch (error) {
    state.error = error;
  }
  state.busy = false;
  update();
}

/** The page that checks a pasted summary; open to all. */
export function verifyPage() {
  const state = remember("verify", () => ({ text: "", answer: null, error: null, busy: false }));
  return html`<div class="page">
    <h1 tabindex="-1">${t("verify.title")}</h1>
    <p class="soft">${t("verify.text")}</p>
    <form class="stack" @submit=${verify}>
      <div class="field">
        <label for="verify-text">${t("verify.label")}</label>
        <p class="hint" id="verify-hint">${t("verify.hint")}</p>
        <textarea class="input mono" id="verify-text" rows="10" required aria-describedby="verify-hint" spellcheck="false"
          .value=${state.text} @input=${(event) => { state.text = event.target.value; }}></textarea>
      </div>
      <div class="row"><button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"}>${icon("file-check")}${t("verify.do")}</button></div>
    </form>
    <div role="status">${result(state)}</div>
  </div>`;
}

function result({ answer, error }) {
  if (error) return callout("end", "circle-alert", errorText(error));
  if (!answer) return nothing;
  if (!answer.valid) return callout("end", "circle-x", html`<b>${t("verify.invalid")}</b><p>${t("verify.invalid.text")}</p>`);
  if (answer.outdated) return callout("wait", "history", html`<b>${t("verify.outdated")}</b><p>${t("verify.outdated.text")}</p>${changeList(answer.changes)}`);
  return callout("done", "circle-check", html`<b>${t("verify.valid")}</b><p>${t("verify.valid.text")}</p>`);
}
