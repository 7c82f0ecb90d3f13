/** What a list or a screen shows when it has nothing to show: skeleton, empty, error, gone. */
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";
import { errorText, t } from "./words.js";

/** Grey bones; CSS shows them only after 300 ms. @param {number} rows */
export function skeleton(rows = 4) {
  return html`<div class="skeleton" role="status">
    <span class="unseen">${t("state.loading")}</span>
    ${Array.from({ length: rows }, (_, n) => html`<div>
      <div class="bone ${n % 2 ? "bone-mid" : "bone-short"}"></div><br /><div class="bone"></div></div>`)}
  </div>`;
}

/**
 * An empty, gone or failed screen: why, and the way out.
 * @param {{icon: string, title: string, text?: any, action?: any, heading?: boolean}} parts
 */
export function statement({ icon: name, title, text, action, heading = false }) {
  return html`<div class="state">
    ${icon(name)}
    ${heading ? html`<h1 tabindex="-1">${title}</h1>` : html`<h2>${title}</h2>`}
    ${text ? html`<p>${text}</p>` : nothing}
    ${action ?? nothing}
  </div>`;
}

/**
 * What went wrong, what is kept, and "try again".
 * @param {{msg?: string}|null} error @param {() => void} again @param {boolean} [heading] whether it is the whole page
 */
export function failure(error, again, heading = false) {
  return statement({
    icon: "circle-alert",
    heading,
    title: t("state.error"),
    text: errorText(error),
    action: html`<button class="btn" type="button" @click=${again}>${icon("refresh-cw")}${t("state.again")}</button>`,
  });
}

/** A callout. @param {"info"|"wait"|"end"|"done"|""} tone @param {string} name icon @param {any} content */
export function callout(tone, name, content, role) {
  return html`<div class="callout ${tone ? `callout-${tone}` : ""}" role=${role || nothing}>${icon(name)}<div>${content}</div></div>`;
}
