/** The dialogs of a clinic's number: asked for, proved by the code of a call, granted to a member, lent, revoked. */
import { codeField, codeSpoken } from "../parts/code-field.js";
import { openDialog } from "../parts/dialog.js";
import { carryOut, wrong } from "../parts/form-work.js";
import { html, nothing } from "../parts/html.js";
import { reload } from "../parts/loaded.js";
import { tellError, toast } from "../parts/toast.js";
import { whenField, whenOf } from "../parts/when-field.js";
import { t } from "../parts/words.js";
import { screen, update } from "../screen.js";

/** Under which name the numbers of a clinic are kept. */
export const numbersKey = (clinic) => `numbers/${clinic.id}`;

function buttons(close, text, form) {
  return html`<div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
    <button class="btn btn-primary" type="submit" aria-busy=${form.busy ? "true" : "false"}>${text}</button></div>`;
}

// --- asked for ---------------------------------------------------------------------------------------------------------------------

/** A number of the clinic's own; the call with the code comes when somebody can answer it. */
export function addNumber(clinic) {
  const form = { number: "", extension: "", when: "now", at: "", error: "", busy: false };
  const send = async (event, close) => {
    event.preventDefault();
    const call_at = form.when === "now" ? Math.round(screen.app.now()) : whenOf(form.at, clinic.time_zone);
    const made = await carryOut(form, () => screen.api.post(`/clinics/${clinic.id}/numbers`, { number: form.number, mode: "own", extension: form.extension, call_at }));
    if (!made) return;
    close();
    await reload(numbersKey(clinic));
    if (form.when === "now") proveNumber(clinic, made);
  };
  openDialog(t("numbers.add.title"), (close) => html`<form class="stack" autocomplete="off" @submit=${(event) => send(event, close)}>
    <p class="soft">${t("numbers.add.text")}</p>${wrong(form)}
    <div class="field"><label for="new-number">${t("numbers.number")}</label><p class="hint" id="new-number-hint">${t("numbers.number.hint")}</p>
      <input class="input number-input figures" id="new-number" type="tel" inputmode="tel" required autocomplete="off" aria-describedby="new-number-hint" .value=${form.number} @input=${(event) => { form.number = event.target.value; }} /></div>
    <div class="field"><label for="new-extension">${t("numbers.extension.label")}</label><p class="hint" id="new-extension-hint">${t("numbers.extension.hint")}</p>
      <input class="input narrow figures" id="new-extension" inputmode="numeric" maxlength="10" pattern="[0-9]*" autocomplete="off" aria-describedby="new-extension-hint" .value=${form.extension} @input=${(event) => { form.extension = event.target.value; }} /></div>
    ${callWhen(form, clinic)}
    ${buttons(close, t("numbers.add.do"), form)}
  </form>`);
}

function callWhen(form, clinic) {
  const one = (name) => html`<label class="choice choice-slim"><input type="radio" name="when" value=${name} .checked=${form.when === name} @change=${() => { form.when = name; update(); }} /><span>${t(`numbers.when.${name}`)}</span></label>`;
  return html`<fieldset class="field"><legend>${t("numbers.when")}</legend><p class="hint">${t("numbers.when.hint")}</p>
    <div class="choices choices-across">${one("now")}${one("at")}</div>
    ${form.when === "at" ? whenField({ id: "prove-at", label: t("time.label"), value: form.at, zone: clinic.time_zone, set: (at) => { form.at = at; update(); } }) : nothing}
  </fieldset>`;
}

// --- proved ------------------------------------------------------------------------------------------------------------------------

const WATCH_MS = 3000;

/** The call with the code, and the code. @param {object} clinic @param {object} number as the list shows it */
export function proveNumber(clinic, number) {
  const form = { proof: number.proof, code: "", when: "now", at: "", error: "", busy: false, open: true };
  const take = (code) => { Object.assign(form, { code, error: "" }); update(); };
  const call = async (event) => {
    event.preventDefault();
    const at = form.when === "now" ? null : whenOf(form.at, clinic.time_zone);
    const proof = await carryOut(form, () => screen.api.post(`/numbers/${number.id}/prove/call`, { at }));
    if (!proof) return;
    form.proof = proof;
    watch(clinic, number, form);
  };
  const prove = async (event, close) => {
    event?.preventDefault();
    if (form.code.length < 6) return;
    const proved = await carryOut(form, () => screen.api.post(`/numbers/${number.id}/prove`, { code: form.code }));
    if (!proved) return void (form.code = "");
    close();
    toast(proved.state === "live" ? t("numbers.proved") : t("numbers.proved.waits"));
    await reload(numbersKey(clinic));
  };
  const standing = () => form.proof && ["waiting", "calling", "called"].includes(form.proof.state);
  if (standing()) watch(clinic, number, form);
  openDialog(t("numbers.prove.title", { number: number.formatted }), (close) => standing()
    ? html`<form class="stack" @submit=${(event) => prove(event, close)}>
        ${codeSpoken(form.proof, take)}
        ${codeField({ id: "number-code", code: form.code, error: form.error, hint: t("numbers.code.hint"), onCode: take, onWhole: () => prove(null, close) })}
        ${buttons(close, t("numbers.prove.do"), form)}
        <p><button class="btn btn-quiet btn-small" type="button" @click=${() => { form.proof = null; update(); }}>${t("numbers.call.again")}</button></p></form>`
    : html`<form class="stack" @submit=${call}>
        ${form.proof?.state === "failed" ? codeSpoken(form.proof, take) : nothing}
        <p class="soft">${t("numbers.prove.text")}</p>${wrong(form)}${callWhen(form, clinic)}${buttons(close, t("numbers.call"), form)}</form>`)
    .finally(() => { form.open = false; });
}

function watch(clinic, number, form) {
  setTimeout(async () => {
    if (!form.open || !form.proof) return;
    const list = await reload(numbersKey(clinic));
    const fresh = list?.items.find((one) => one.id === number.id)?.proof;
    if (fresh && form.proof) form.proof = fresh;
    update();
    if (fresh?.state === "waiting" || fresh?.state === "calling") watch(clinic, number, form);
  }, WATCH_MS);
}

/** The carrier's own look at the number: it calls, and whoever answers types the code that stands here. */
export function askCarrier(clinic, number) {
  const form = { code: "", error: "", busy: false };
  const ask = () => carryOut(form, async () => { form.code = (await screen.api.post(`/numbers/${number.id}/carrier`)).code; });
  const look = async (close) => {
    const fresh = await carryOut(form, () => screen.api.post(`/numbers/${number.id}/carrier/look`));
    if (!fresh) return;
    if (fresh.carrier === "wanted") Object.assign(form, { error: t("numbers.carrier.not_yet") });
    else close();
    update();
    await reload(numbersKey(clinic));
  };
  openDialog(t("numbers.carrier.title", { number: number.formatted }), (close) => html`<div class="stack">
    <p class="soft">${t("numbers.carrier.text")}</p>${wrong(form)}
    ${form.code ? html`<p>${t("numbers.carrier.code")}</p><p class="number-digits figures">${form.code}</p>` : nothing}
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("close")}</button>
      ${form.code ? html`<button class="btn btn-primary" type="button" aria-busy=${form.busy ? "true" : "false"} @click=${() => look(close)}>${t("numbers.carrier.look")}</button>`
        : html`<button class="btn btn-primary" type="button" aria-busy=${form.busy ? "true" : "false"} @click=${ask}>${t("numbers.call")}</button>`}</div></div>`);
}

// --- granted and lent ----------------------------------------------------------------------------------------------------------------

/** Let a member show the number, until a day or until it is taken back. */
export async function grantNumber(clinic, number) {
  let members;
  try {
    members = (await screen.api.get(`/clinics/${clinic.id}/members`)).items;
  } catch (error) {
    return tellError(error);
  }
  const free = members.filter((one) => !number.grants.some((grant) => grant.member === one.id));
  const form = { member: "", until: "", error: "", busy: false };
  const send = async (event, close) => {
    event.preventDefault();
    const until = form.until ? whenOf(`${form.until}T23:59`, clinic.time_zone, true) : null;
    if (!(await carryOut(form, () => screen.api.post(`/numbers/${number.id}/grants`, { member: form.member, until })))) return;
    close();
    await reload(numbersKey(clinic));
  };
  return openDialog(t("numbers.grant.title", { number: number.formatted }), (close) => html`<form class="stack" @submit=${(event) => send(event, close)}>${wrong(form)}
    <div class="field"><label for="grant-member">${t("numbers.grant.member")}</label><select class="input" id="grant-member" required @change=${(event) => { form.member = event.target.value; }}>
      <option value="">${t("oncall.member.none")}</option>${free.map((one) => html`<option value=${one.id} .selected=${one.id === form.member}>${one.name}</option>`)}</select></div>
    <div class="field"><label for="grant-until">${t("numbers.grant.day")}</label><p class="hint" id="grant-hint">${t("numbers.grant.day.hint")}</p>
      <input class="input narrow-wide" id="grant-until" type="date" aria-describedby="grant-hint" .value=${form.until} @input=${(event) => { form.until = event.target.value; }} /></div>
    ${buttons(close, t("numbers.grant"), form)}</form>`);
}

/** Consent that another department, a clinic of its own here, uses the number too. */
export function lendNumber(clinic, number) {
  const form = { clinic: "", error: "", busy: false };
  const send = async (event, close) => {
    event.preventDefault();
    if (!(await carryOut(form, () => screen.api.post(`/numbers/${number.id}/consent`, { clinic: form.clinic.trim() })))) return;
    close();
    toast(t("numbers.lent"));
    await reload(numbersKey(clinic));
  };
  openDialog(t("numbers.lend"), (close) => html`<form class="stack" @submit=${(event) => send(event, close)}>
    <p class="soft">${t("numbers.lend.text")}</p>${wrong(form)}
    <div class="field"><label for="lend-clinic">${t("numbers.lend.clinic")}</label><p class="hint" id="lend-hint">${t("numbers.lend.hint")}</p>
      <input class="input" id="lend-clinic" required autocomplete="off" aria-describedby="lend-hint" .value=${form.clinic} @input=${(event) => { form.clinic = event.target.value; }} /></div>
    <p class="note soft">${t("numbers.lend.own")} <code class="mono">${clinic.id}</code></p>
    ${buttons(close, t("numbers.lend.do"), form)}</form>`);
}

// --- revoked -----------------------------------------------------------------------------------------------------------------------

/** At once, for everybody; why is kept for the clinic's administrators. */
export function revokeNumber(clinic, one) {
  const form = { why: "", error: "", busy: false };
  const send = async (event, close) => {
    event.preventDefault();
    const done = await carryOut(form, () => screen.api.post(`/numbers/${one.id}/revoke`, { why: form.why }).then(() => true));
    if (!done) return;
    close();
    toast(t("numbers.revoked"));
    await reload(numbersKey(clinic));
  };
  const text = one.lent.length ? t("numbers.revoke.text.lent", { clinics: one.lent.map((lent) => lent.clinic).join(", ") }) : t("numbers.revoke.text");
  return openDialog(t("numbers.revoke.title", { number: one.formatted }), (close) => html`<form class="stack" autocomplete="off" @submit=${(event) => send(event, close)}>
    <p>${text}</p>
    <div class="field"><label for="revoke-why">${t("numbers.revoke.why")}</label><p class="hint" id="revoke-why-hint">${t("numbers.revoke.why.hint")}</p>
      <input class="input" id="revoke-why" maxlength="200" autocomplete="off" aria-describedby="revoke-why-hint" .value=${form.why} @input=${(event) => { form.why = event.target.value; }} /></div>
    ${wrong(form)}
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-danger" type="submit" aria-busy=${form.busy ? "true" : "false"}>${t("numbers.revoke")}</button></div>
  </form>`);
}
