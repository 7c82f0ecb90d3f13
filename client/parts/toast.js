/** Short news at the foot of the screen, and the one polite live region that screen readers hear. */
import { update } from "../screen.js";
import { html, nothing, repeat } from "./html.js";
import { errorText, t } from "./words.js";

let toasts = [];
let number = 0;
let heard = "";
let waiting = [];
let timer = null;

/** Show a line for some seconds. @param {string} text @param {{label: string, act: () => void}} [action] */
export function toast(text, action) {
  const id = ++number;
  toasts = [...toasts.slice(-1), { id, text, action }];
  setTimeout(() => dismiss(id), action ? 12_000 : 6_000);
  announce(text);
  update();
}

function dismiss(id) {
  toasts = toasts.filter((one) => one.id !== id);
  update();
}

/** Have it read out politely; what comes within a second is read out together, and many things as their last. */
export function announce(text) {
  waiting.push(text);
  timer ??= setTimeout(() => {
    timer = null;
    heard = waiting.length > 3 ? waiting[waiting.length - 1] : waiting.join(" ");
    waiting = [];
    update();
  }, 700);
}

/** Forget what was said (sign-out). */
export function hush() {
  toasts = [];
  heard = "";
  waiting = [];
}

/** Drawn once by the frame. */
export function news() {
  return html`
    <div class="unseen" role="status" aria-live="polite">${heard}</div>
    <section class="toasts" aria-label=${t("news")} ?hidden=${toasts.length === 0}>${repeat(toasts, (one) => one.id, (one) => html`<div class="toast">
      <span>${one.text}</span>
      ${one.action
        ? html`<button type="button" @click=${() => { dismiss(one.id); one.action.act(); }}>${one.action.label}</button>`
        : nothing}
      <button type="button" @click=${() => dismiss(one.id)}>${t("dismiss")}</button>
    </div>`)}</section>`;
}

/** Report a refusal or an error of the service in words. @param {{msg?: string}} error */
export function tellError(error) {
  toast(errorText(error));
}

