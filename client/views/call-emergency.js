/** An emergency number: the whole screen says how to dial it from the handset. Curbside never places such a call. */
import { openDialog } from "../parts/dialog.js";
import { html } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { t } from "../parts/words.js";

let open = false;

/** @param {string} number what to dial, "911" */
export function showEmergency(number) {
  if (open) return;
  open = true;
  openDialog(t("emergency.title"), (close) => html`
    <div class="emergency">
      ${icon("siren")}
      <p class="lead">${t("emergency.text")}</p>
      <a class="btn btn-emergency" href="tel:${number}" data-focus>${icon("phone")}${t("emergency.dial", { number })}</a>
      <p class="soft">${t("emergency.desk", { number })}</p>
      <button class="btn btn-wide" type="button" @click=${() => close()}>${t("emergency.back")}</button>
    </div>`, "dialog-full").finally(() => { open = false; });
}
