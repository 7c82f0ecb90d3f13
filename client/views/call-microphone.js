/** The microphone before a call: why it is wanted, said once and before the browser asks; and what to do where it is refused. */
import { openAhead } from "../call-media.js";
import { openDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { t } from "../parts/words.js";
import { microphoneStands } from "../platform/microphone.js";

const KEY = "curbside.microphone";

/**
 * Opens it, from a touch. @param {boolean} phone whether one's own phone may be called instead
 * @returns {Promise<{microphone: object}|{phone: true}|null>} null: the call is not wanted now
 */
export async function readyMicrophone(phone) {
  if ((await microphoneStands()) === "prompt" && localStorage.getItem(KEY) === null) {
    const said = await explain(phone);
    if (said !== "go") return said === "phone" ? { phone: true } : null;
    localStorage.setItem(KEY, "explained");
  }
  for (;;) {
    const answer = await openAhead();
    if (answer.microphone) return answer;
    const said = await refused(answer.why, phone);
    if (said !== "go") return said === "phone" ? { phone: true } : null;
  }
}

function explain(phone) {
  return openDialog(t("microphone.title"), (close) => html`
    <p>${t("microphone.text")}</p>
    <p class="soft">${t("microphone.only")}</p>
    ${choices(close, t("microphone.go"), phone)}`);
}

function refused(why, phone) {
  return openDialog(t("microphone.refused"), (close) => html`
    ${callout("end", "mic-off", t(`microphone.${why}`))}
    ${why === "denied" ? html`<p class="soft">${t("microphone.denied.phone")}</p>` : nothing}
    ${choices(close, t("microphone.again"), phone)}`);
}

function choices(close, go, phone) {
  return html`<div class="dialog-actions">
    ${phone ? html`<button class="btn" type="button" @click=${() => close("phone")}>${icon("smartphone")}${t("ways.callback")}</button>` : nothing}
    <button class="btn btn-primary" type="button" data-focus @click=${() => close("go")}>${icon("mic")}${go}</button>
  </div>`;
}
