/** Sign-in: email and password, then the second factor where there is one. */
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { t } from "../parts/words.js";
import { go } from "../router.js";
import { remember, screen, update, updateNow } from "../screen.js";

const memory = () => remember("sign-in", () => ({ step: "password", email: "", busy: false, error: "", fields: {} }));

function fail(error) {
  const state = memory();
  state.busy = false;
  state.fields = error.fields || {};
  if (error.status === 0) state.error = t("signin.offline");
  else if (error.code === "rate" || error.status === 429) state.error = t("signin.rate");
  else if (state.step === "code") state.error = t("signin.wrong_code");
  else state.error = t("signin.wrong");
  updateNow();
  document.querySelector("[data-error]")?.focus();
}

async function next(answer) {
  const state = memory();
  const flows = answer.data?.flows || [];
  if (answer.status === 401 && flows.some((flow) => flow.id === "mfa_authenticate" && flow.is_pending)) {
    Object.assign(state, { step: "code", busy: false, error: "" });
    updateNow();
    document.querySelector("#code")?.focus();
    return;
  }
  if (answer.status === 401) {
    fail({ status: 401 });
    return;
  }
  screen.ui.delete("sign-in");
  await screen.app.start();
  go(screen.wanted || "/consults", { replace: true });
  screen.wanted = null;
}

async function submit(event, path, body) {
  event.preventDefault();
  const state = memory();
  if (state.busy) return;
  Object.assign(state, { busy: true, error: "" });
  update();
  try {
    await next(await screen.api.auth(path, { method: "POST", body }));
  } catch (error) {
    fail(error);
  }
}

/** The page. */
export function signIn() {
  const state = memory();
  return html`<div class="stack stack-loose">
    <h1 tabindex="-1">${state.step === "code" ? t("signin.code_title") : t("signin.title")}</h1>
    ${screen.app.session.code === "ended" ? callout("wait", "info", t("signin.ended")) : nothing}
    ${state.error ? html`<div class="callout callout-end" role="alert" tabindex="-1" data-error>${icon("circle-alert")}<p>${state.error}</p></div>` : nothing}
    ${state.step === "code" ? codeForm(state) : passwordForm(state)}
  </div>`;
}

function passwordForm(state) {
  const send = (event) => {
    const form = new FormData(event.target);
    state.email = form.get("email");
    submit(event, "/auth/login", { email: form.get("email"), password: form.get("password") });
  };
  return html`<form class="stack" @submit=${send}>
    <div class="field">
      <label for="email">${t("signin.email")}</label>
      <input class="input" id="email" name="email" type="email" autocomplete="username" required .value=${state.email} />
    </div>
    <div class="field">
      <label for="password">${t("signin.password")}</label>
      <input class="input" id="password" name="password" type="password" autocomplete="current-password" required />
    </div>
    <button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"}>${state.busy ? t("signin.busy") : t("signin.do")}</button>
    <p class="note soft">${t("signin.shared")}</p>
  </form>`;
}

function codeForm(state) {
  const send = (event) => submit(event, "/auth/2fa/authenticate", { code: new FormData(event.target).get("code").replace(/\s/g, "") });
  return html`<form class="stack" @submit=${send}>
    <div class="field">
      <label for="code">${t("signin.code")}</label>
      <p class="hint" id="code-hint">${t("signin.code_hint")}</p>
      <input class="input narrow figures" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required aria-describedby="code-hint" />
    </div>
    <button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"}>${state.busy ? t("signin.busy") : t("signin.do")}</button>
    <button class="btn btn-quiet" type="button" @click=${() => { Object.assign(state, { step: "password", error: "" }); update(); }}>${t("signin.other")}</button>
  </form>`;
}
