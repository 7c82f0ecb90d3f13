/** The second factor: an authenticator app is added with a secret and one code; recovery codes are shown once. */
import { ApiError } from "../core/api.js";
import { openDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { tellError } from "../parts/toast.js";
import { errorText, t } from "../parts/words.js";
import { remember, screen, update, updateNow } from "../screen.js";

function memory() {
  return remember("factor", () => {
    const state = { has: null };
    load(state);
    return state;
  });
}

async function load(state) {
  try {
    const { data } = await screen.api.auth("/account/authenticators");
    state.has = (data || []).some((one) => one.type === "totp");
  } catch {
    state.has = null;
  }
  update();
}

/** allauth answers 404 with the new secret in `meta` while there is no authenticator yet. */
async function newSecret() {
  const response = await fetch("/_allauth/browser/v1/account/authenticators/totp", { headers: { accept: "application/json" } });
  const json = await response.json();
  return json.meta?.secret ? { secret: json.meta.secret, url: json.meta.totp_url } : null;
}

async function add() {
  const fresh = await newSecret().catch(() => null);
  if (!fresh) {
    tellError({ msg: t("factor.again") });
    return;
  }
  const form = { code: "", password: "", asks: false, wrong: "", error: "", codes: null, busy: false };
  const send = (event) => {
    event.preventDefault();
    void submit(form);
  };
  openDialog(t("factor.add"), (close) => form.codes ? recovery(form.codes, close) : setUp(fresh, form, send, close));
}

/** Only 200 means that it protects the account. The password comes first where it is asked for. */
async function submit(form) {
  if (form.busy) return;
  Object.assign(form, { busy: true, wrong: "", error: "" });
  update();
  try {
    if (form.asks) await sayPassword(form);
    const { status } = await screen.api.auth("/account/authenticators/totp", { method: "POST", body: { code: form.code.replace(/\s/g, "") } });
    if (status !== 200) throw new ApiError({ code: "refused", status });
    const { data } = await screen.api.auth("/account/authenticators/recovery-codes").catch(() => ({}));
    form.codes = data?.unused_codes || [];
    void load(memory());
  } catch (error) {
    fail(form, error);
  }
  form.busy = false;
  updateNow();
  document.querySelector("[data-factor-wrong]")?.focus();
}

/** Who signed in a while ago, or before this was asked, says the password once more. */
async function sayPassword(form) {
  const { status } = await screen.api.auth("/auth/reauthenticate", { method: "POST", body: { password: form.password } })
    .catch((error) => { throw error.status === 400 ? new ApiError({ code: "password", status: 400 }) : error; });
  if (status !== 200) throw new ApiError({ code: "unauthorized", status });
  Object.assign(form, { asks: false, password: "" });
}

function fail(form, error) {
  if (error.code === "reauthenticate") form.asks = true;
  else if (error.code === "password") form.wrong = t("factor.wrong_password");
  else if (error.status === 400) form.error = t("signin.wrong_code");
  else form.error = error.status === 401 ? t("factor.again") : errorText(error);
}

function setUp({ secret, url }, form, send, close) {
  return html`<form class="stack" @submit=${send}>
    <p>${t("factor.how")}</p>
    <pre class="summary" tabindex="0" role="region" aria-label=${t("factor.secret")}>${secret.replace(/(.{4})/g, "$1 ").trim()}</pre>
    <p class="note"><a href=${url}>${t("factor.open")}</a></p>
    <div class="field ${form.error ? "field-wrong" : ""}">
      <label for="factor-code">${t("signin.code")}</label>
      ${form.error ? html`<p class="field-error" role="alert">${icon("circle-alert")}${form.error}</p>` : nothing}
      <input class="input narrow figures" id="factor-code" inputmode="numeric" autocomplete="one-time-code" required
        ?data-factor-wrong=${form.error} .value=${form.code} @input=${(event) => { form.code = event.target.value; }} />
    </div>
    ${form.asks ? passwordField(form) : nothing}
    <div class="dialog-actions">
      <button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="submit" aria-busy=${form.busy ? "true" : "false"}>${t("factor.do")}</button>
    </div>
  </form>`;
}

function passwordField(form) {
  return html`<div class="field ${form.wrong ? "field-wrong" : ""}">
    <label for="factor-password">${t("signin.password")}</label>
    <p class="hint" id="factor-password-hint">${t("factor.password")}</p>
    ${form.wrong ? html`<p class="field-error" role="alert">${icon("circle-alert")}${form.wrong}</p>` : nothing}
    <input class="input" id="factor-password" type="password" autocomplete="current-password" required aria-describedby="factor-password-hint"
      ?data-factor-wrong=${!form.error} .value=${form.password} @input=${(event) => { form.password = event.target.value; }} />
  </div>`;
}

function recovery(codes, close) {
  return html`
    ${callout("done", "circle-check", html`<b>${t("factor.on")}</b>`)}
    ${codes.length ? html`<p>${t("factor.recovery")}</p><pre class="summary" tabindex="0" role="region" aria-label=${t("factor.codes")}>${codes.join("\n")}</pre>` : nothing}
    <div class="dialog-actions"><button class="btn btn-primary" type="button" @click=${() => close()}>${t("done")}</button></div>`;
}

/** The section of the screen Me; nothing while it is not known. */
export function secondFactorSection() {
  const { has } = memory();
  if (has === null) return nothing;
  return html`<section class="section" aria-labelledby="me-factor">
    <h2 id="me-factor">${t("factor.title")}</h2>
    ${has ? callout("done", "shield-check", html`<b>${t("factor.on")}</b>`)
      : html`<p class="soft">${t("factor.text")}</p><p><button class="btn" type="button" @click=${add}>${icon("shield-check")}${t("factor.add")}</button></p>`}
  </section>`;
}
