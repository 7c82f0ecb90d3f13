/** Where one is signed in, and the tokens of phones and programs: each can be seen and ended. */
import { confirmDialog, openDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { tellError, toast } from "../parts/toast.js";
import { errorText, exact, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";

function listOf(name) {
  return remember(`access/${name}`, () => {
    const state = { items: null };
    load(name, state);
    return state;
  });
}

async function load(name, state) {
  try {
    state.items = await screen.api.get(`/${name}`);
  } catch {
    state.items = [];
  }
  update();
}

async function end(name, one, title, text) {
  if (!(await confirmDialog({ title, text, yes: t("end"), danger: true }))) return;
  try {
    await screen.api.delete(`/${name}/${one.id}`);
    toast(t("ended_access"));
  } catch (error) {
    tellError(error);
  }
  load(name, listOf(name));
}

/** "Firefox on Linux" from what a browser says of itself; never more than a hint. */
function browserName(agent) {
  const browser = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrome\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : "";
  const system = /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iOS" : /Windows/.test(agent) ? "Windows" : /Mac OS/.test(agent) ? "macOS" : /Linux/.test(agent) ? "Linux" : "";
  return browser && system ? t("sessions.browser", { browser, system }) : browser || t("sessions.unknown");
}

/** Where one is signed in. */
export function sessionsSection() {
  const { items } = listOf("sessions");
  return html`<section class="section" aria-labelledby="me-sessions">
    <h2 id="me-sessions">${t("sessions.title")}</h2>
    ${items?.length ? html`<ul class="rows">${items.map((one) => html`<li class="thing">
      ${icon("monitor")}
      <div><p class="strong">${browserName(one.browser || "")} ${one.current ? html`<span class="pill">${t("this_device")}</span>` : nothing}</p>
        <p class="note soft">${one.address} · ${t("sessions.seen", { time: exact(one.last_seen_at) })}</p></div>
      ${one.current ? nothing : html`<button class="btn btn-small btn-danger push" type="button"
        @click=${() => end("sessions", one, t("sessions.end.title"), t("sessions.end.text"))}>${t("sessions.end")}</button>`}
    </li>`)}</ul>` : html`<p class="soft">${items ? t("sessions.none") : t("state.loading")}</p>`}
  </section>`;
}

/** Tokens of phones and programs. */
export function tokensSection() {
  const { items } = listOf("tokens");
  return html`<section class="section" aria-labelledby="me-tokens">
    <h2 id="me-tokens">${t("tokens.title")}</h2>
    <p class="soft">${t("tokens.text")}</p>
    ${items?.length ? html`<ul class="rows">${items.map((one) => html`<li class="thing">
      ${icon("key-round")}
      <div><p class="strong">${one.name}</p><p class="note soft">${t("tokens.until", { time: exact(one.expires_at) })}
        · ${one.last_used_at ? t("tokens.used", { time: exact(one.last_used_at) }) : t("tokens.unused")}</p></div>
      <button class="btn btn-small btn-danger push" type="button"
        @click=${() => end("tokens", one, t("tokens.end.title"), t("tokens.end.text", { name: one.name }))}>${t("end")}</button>
    </li>`)}</ul>` : nothing}
    <p><button class="btn" type="button" @click=${make}>${icon("plus")}${t("tokens.make")}</button></p>
  </section>`;
}

function make() {
  const form = { name: "", secret: "", error: "" };
  const send = async (event) => {
    event.preventDefault();
    try {
      form.secret = (await screen.api.post("/tokens", { name: form.name })).token;
      load("tokens", listOf("tokens"));
    } catch (error) {
      form.error = errorText(error);
    }
    update();
  };
  openDialog(t("tokens.make"), (close) => form.secret ? html`
    <p>${t("tokens.once")}</p>
    <pre class="summary" tabindex="0" role="region" aria-label=${t("tokens.secret")}>${form.secret}</pre>
    <div class="dialog-actions">
      <button class="btn" type="button" @click=${() => navigator.clipboard.writeText(form.secret).then(() => toast(t("copied")), () => toast(t("copy.failed")))}>${icon("copy")}${t("copy")}</button>
      <button class="btn btn-primary" type="button" @click=${() => close()}>${t("done")}</button>
    </div>` : html`<form class="stack" @submit=${send}>
      <div class="field ${form.error ? "field-wrong" : ""}">
        <label for="token-name">${t("tokens.name")}</label>
        <p class="hint" id="token-hint">${t("tokens.name.hint")}</p>
        ${form.error ? html`<p class="field-error" role="alert">${icon("circle-alert")}${form.error}</p>` : nothing}
        <input class="input" id="token-name" required maxlength="60" aria-describedby="token-hint" .value=${form.name} @input=${(event) => { form.name = event.target.value; }} />
      </div>
      <div class="dialog-actions">
        <button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
        <button class="btn btn-primary" type="submit">${t("tokens.make")}</button>
      </div>
    </form>`);
}
