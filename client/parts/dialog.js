/** One modal dialog at a time, by the browser's own element: it keeps the focus in, Escape closes it, focus returns. */
import { updateNow } from "../screen.js";
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";
import { t } from "./words.js";

let current = null;

/**
 * Open a dialog. `view(close)` draws its content and is called on every drawing.
 * @param {string} title @param {(close: (value?: any) => void) => any} view @param {string} [look] a class of its own
 * @returns {Promise<any>} what it was closed with; undefined when it was dismissed
 */
export function openDialog(title, view, look = "") {
  current?.close();
  return new Promise((resolve) => {
    const close = (value) => {
      if (current !== mine) return;
      current = null;
      document.querySelector("dialog.dialog")?.close();
      updateNow();
      resolve(value);
    };
    const mine = { title, view, close, look };
    current = mine;
    updateNow();
  });
}

/** Ask yes or no. @returns {Promise<boolean>} */
export function confirmDialog({ title, text, yes, danger = false }) {
  return openDialog(title, (close) => html`
    <p>${text}</p>
    <div class="dialog-actions">
      <button class="btn" type="button" @click=${() => close(false)}>${t("cancel")}</button>
      <button class="btn ${danger ? "btn-danger" : "btn-primary"}" type="button" @click=${() => close(true)}>${yes}</button>
    </div>`).then(Boolean);
}

/** Whether a dialog is open: shortcuts keep still then. */
export function dialogOpen() {
  return current !== null;
}

/** Close what is open (sign-out, change of place). */
export function closeDialogs() {
  current?.close();
}

/** After a drawing: a dialog that is new in the page is opened as a modal one, on its `data-focus` if it has one. */
export function settleDialog() {
  const element = document.querySelector("dialog.dialog");
  if (!element || element.open) return;
  element.showModal();
  element.querySelector("[data-focus]")?.focus();
}

/** Drawn once by the frame. */
export function dialogs() {
  if (!current) return nothing;
  const { title, view, close, look } = current;
  return html`<dialog class="dialog ${look}" aria-labelledby="dialog-title"
      @cancel=${(event) => { event.preventDefault(); close(); }}
      @click=${(event) => { if (event.target === event.currentTarget) close(); }}>
    <div class="dialog-body">
      <div class="dialog-head">
        <h2 id="dialog-title">${title}</h2>
        <button class="icon-btn" type="button" aria-label=${t("close")} @click=${() => close()}>${icon("x")}</button>
      </div>
      ${view(close)}
    </div>
  </dialog>`;
}
