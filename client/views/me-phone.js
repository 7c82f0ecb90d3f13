/**
 * One's own phone: it rings first in every call and is shown to nobody. It is proved by a code that a call speaks before
 * it is used; the number that is typed lives in this page's memory until then.
 */
import { emergencyIn } from "../core/emergency.js";
import { codeField, codeSpoken } from "../parts/code-field.js";
import { confirmDialog } from "../parts/dialog.js";
import { html, live, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded, reload, shown } from "../parts/loaded.js";
import { lastDigits } from "../parts/patient-line.js";
import { callout } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { errorText, exact, t } from "../parts/words.js";
import { remember, screen, update, updateNow } from "../screen.js";

const phone = () => loaded("phone", (api) => api.get("/phone"));
const memory = () => remember("phone-form", () => ({ number: "", code: "", editing: false, busy: false, error: "", field: "" }));

async function act(state, field, work, done) {
  if (state.busy) return;
  Object.assign(state, { busy: true, error: "", field });
  update();
  try {
    await work();
    await Promise.all([reload("phone"), reload("calls/setup")]);
    done?.();
  } catch (error) {
    state.error = errorText(error);
    if (field === "code") state.code = "";
  }
  state.busy = false;
  updateNow();
  if (state.error) document.querySelector(`#phone-${state.field}`)?.focus();
}

function ask(event, state) {
  event?.preventDefault();
  const number = state.number.trim();
  if (!number || emergencyIn(number)) {
    Object.assign(state, { error: t("phone.error"), field: "number" });
    return void update();
  }
  void act(state, "number", () => screen.api.post("/phone", { number }), () => {
    Object.assign(state, { number: "", code: "", editing: false });
    watchCall("phone");
    updateNow();
    document.querySelector("#phone-code")?.focus();
  });
}

function prove(event, state, proved) {
  event?.preventDefault();
  if (state.code.length < 6) return;
  void act(state, "code", () => screen.api.post("/phone/prove", { code: state.code }), () => {
    screen.ui.delete("phone-form");
    toast(t("phone.proved"));
    proved?.();
  });
}

async function remove() {
  if (!(await confirmDialog({ title: t("phone.remove.title"), text: t("phone.remove.text"), yes: t("remove"), danger: true }))) return;
  void act(memory(), "number", () => screen.api.delete("/phone"));
}

const WATCH_MS = 3000;

/** Until the call with the code has been answered or has failed, the screen asks how it stands. */
export function watchCall(name, proofOf = (value) => value?.waiting) {
  setTimeout(async () => {
    const proof = proofOf(await reload(name));
    if (proof?.state === "waiting" || proof?.state === "calling") watchCall(name, proofOf);
  }, WATCH_MS);
}

/** Number, then code. @param {() => void} [proved] what follows once it is proved */
export function phoneForm(proved) {
  return shown(phone(), (value) => steps(value, memory(), proved));
}

function steps(value, state, proved) {
  return value?.waiting && !state.editing ? codeStep(value.waiting, state, proved) : numberStep(state);
}

function numberStep(state) {
  const wrong = state.field === "number" ? state.error : "";
  return html`<form class="stack" novalidate autocomplete="off" @submit=${(event) => ask(event, state)}>
    <div class="field ${wrong ? "field-wrong" : ""}">
      <label for="phone-number">${t("phone.number")}</label>
      <p class="hint" id="phone-number-hint">${t("phone.number.hint")}</p>
      ${wrong ? html`<p class="field-error" role="alert">${icon("circle-alert")}${wrong}</p>` : nothing}
      <input class="input number-input figures" id="phone-number" type="tel" inputmode="tel" autocomplete="tel" maxlength="32" aria-describedby="phone-number-hint"
        aria-invalid=${wrong ? "true" : nothing} .value=${live(state.number)} @input=${(event) => { state.number = event.target.value; }} />
    </div>
    <p class="row"><button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"}>${icon("phone-incoming")}${state.busy ? t("phone.calling") : t("phone.call_me")}</button>
      ${state.editing ? html`<button class="btn" type="button" @click=${() => { state.editing = false; update(); }}>${t("cancel")}</button>` : nothing}</p>
  </form>`;
}

function codeStep(waiting, state, proved) {
  const take = (code) => { Object.assign(state, { code, error: "" }); update(); };
  return html`<form class="stack" novalidate @submit=${(event) => prove(event, state, proved)}>
    ${codeSpoken(waiting, take)}
    ${codeField({
      id: "phone-code",
      code: state.code,
      error: state.field === "code" ? state.error : "",
      hint: t("phone.code.hint", { digits: lastDigits(waiting.mask) }),
      onCode: take,
      onWhole: () => prove(null, state, proved),
    })}
    <p class="row"><button class="btn btn-primary" type="submit" aria-busy=${state.busy ? "true" : "false"}>${t("phone.prove")}</button>
      <button class="btn" type="button" @click=${() => { Object.assign(state, { editing: true, error: "" }); update(); }}>${t("phone.again")}</button></p>
  </form>`;
}

/** The section of the screen Me. */
export function phoneSection() {
  const state = memory();
  return html`<section class="section" aria-labelledby="me-phone">
    <h2 id="me-phone">${t("phone.title")}</h2>
    <p class="soft">${t("phone.text")}</p>
    ${shown(phone(), (value) => value && (value.verified || value.cooling) && !value.waiting && !state.editing ? held(value, state) : steps(value, state))}
  </section>`;
}

function held(value, state) {
  return html`${value.verified ? callout("done", "smartphone", html`<b>${t("phone.held", { digits: lastDigits(value.mask) })}</b>`) : nothing}
    ${value.cooling ? callout("wait", "hourglass", t("phone.cooling", { digits: lastDigits(value.cooling.mask), time: exact(value.cooling.at) })) : nothing}
    ${value.service_number ? contact(value.service_number) : nothing}
    <p class="row"><button class="btn" type="button" @click=${() => { state.editing = true; update(); }}>${t("phone.change")}</button>
      <button class="btn btn-danger" type="button" @click=${remove}>${t("remove")}</button></p>`;
}

/** Calls to one's own phone come from one number: saved as a contact, it is answered. */
export function contact(number) {
  const save = () => {
    const card = ["BEGIN:VCARD", "VERSION:3.0", "FN:Curbside", `TEL;TYPE=VOICE:${number.replace(/[^\d+]/g, "")}`, "END:VCARD", ""].join("\r\n");
    const href = URL.createObjectURL(new Blob([card], { type: "text/vcard" }));
    Object.assign(document.createElement("a"), { href, download: "curbside.vcf" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  };
  return html`<p class="fact-line">${icon("contact")}<span>${t("phone.contact", { number })}
    <button class="link-btn" type="button" @click=${save}>${t("phone.contact.save")}</button></span></p>`;
}
