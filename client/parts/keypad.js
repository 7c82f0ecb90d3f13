/** The twelve keys of a telephone, in a sheet: pressed by touch, by mouse, or on the keyboard. */
import { openDialog } from "./dialog.js";
import { html } from "./html.js";
import { t } from "./words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES = { "*": "keys.star", "#": "keys.hash" };

/**
 * Opens it. @param {() => {keys: string, mayPress: boolean}} read what was pressed so far, and whether keys can be sent
 * @param {(key: string) => void} press @returns {Promise<void>} when it is closed
 */
export function openKeypad(read, press) {
  return openDialog(t("keys.title"), () => pad(read(), press), "dialog-keys");
}

function pad({ keys, mayPress }, press) {
  const typed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS.includes(event.key) || !mayPress) return;
    event.preventDefault();
    press(event.key);
  };
  return html`<div class="keypad" @keydown=${typed}>
    <output class="keypad-pressed figures" aria-label=${t("keys.pressed")}>${keys}</output>
    ${KEYS.map((key, n) => html`<button class="keypad-key" type="button" ?data-focus=${n === 0} aria-label=${key in NAMES ? t(NAMES[key]) : key}
      aria-disabled=${mayPress ? "false" : "true"} @click=${() => mayPress && press(key)}>${key}</button>`)}
    ${mayPress ? "" : html`<p class="keypad-note note soft" role="status">${t("keys.wait")}</p>`}
  </div>`;
}
