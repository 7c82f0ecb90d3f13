/** The second factor: an authenticator app is added with a secret and one code; recovery codes are shown once. */
import { openDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { tellError } from "../parts/toast.js";
import { t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";

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
  const form = { code: "", error: "", codes: null };
  const send = async (event) => {
    event.preventDefault();
    try {
      await screen.api.auth("/account/authenticators/totp", { method: "POST", body: { code: form.code.replace(/\s/g, "") } });
      const { data } = await screen.api.auth("/account/authenticators/recovery-codes").catch(() => ({}));
      form.codes = data?.unused_codes || [];
      load(memory());
    } catch (error) {
      form.error = error.status === 401 ? t("factor.again") : t("signin.wrong_code");
    }
    update();
  };
  openDialog(t("factor.add"), (close) => form.codes ? recovery(form.codes, close) : setUp(fresh, form, send, close));
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
        .value=${form.code} @input=${(event) => { form.code = event.target.value; }} />
    </div>
    <div class="dialog-actions">
      <button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="submit">${t("factor.add")}</button>
    </div>
  </form>`;
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
