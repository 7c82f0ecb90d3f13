/** A one-time code: six digits that can be typed, pasted with spaces, or filled in by the phone from a message or a call. */
import { html, live, nothing } from "./html.js";
import { icon } from "./icon.js";
import { callout } from "./states.js";
import { exact, t } from "./words.js";

/** The digits of whatever was pasted: "Your code is 123 456." gives "123456". */
export function codeIn(text, length = 6) {
  return text.replace(/\D/g, "").slice(0, length);
}

/**
 * How the call with the code stands, and in the demo, where no phone can ring, what it says.
 * @param {{state: string, call_at: number, attempts_left: number, code: string|null}} proof @param {(code: string) => void} take
 */
export function codeSpoken({ state, call_at: at, code }, take) {
  if (state === "failed") return callout("end", "phone-off", t("code.failed"), "status");
  return html`<p class="fact-line" role="status">${icon("phone-call")}<span>${t(`code.state.${state}`, { time: exact(at) })}</span></p>
    ${code ? callout("info", "info", html`${t("code.demo", { code: `${code.slice(0, 3)} ${code.slice(3)}` })}
      <p><button class="btn btn-small" type="button" @click=${() => take(code)}>${t("code.demo.use")}</button></p>`) : nothing}`;
}

/**
 * The field. When all digits are there, `onWhole` is called, so that nobody has to press a button as well.
 * @param {{id: string, code: string, error?: string, hint?: any, onCode: (code: string) => void, onWhole: () => void}} parts
 */
export function codeField({ id, code, error = "", hint = nothing, onCode, onWhole }) {
  const take = (text) => {
    const digits = codeIn(text);
    onCode(digits);
    if (digits !== code && digits.length === 6) onWhole();
  };
  return html`<div class="field ${error ? "field-wrong" : ""}">
    <label for=${id}>${t("code.label")}</label>
    <p class="hint" id="${id}-hint">${hint}</p>
    ${error ? html`<p class="field-error" id="${id}-error" role="alert">${icon("circle-alert")}${error}</p>` : nothing}
    <input class="input code-input figures" id=${id} type="text" inputmode="numeric" autocomplete="one-time-code" autocapitalize="off" spellcheck="false"
      maxlength="20" aria-describedby="${id}-hint${error ? ` ${id}-error` : ""}" aria-invalid=${error ? "true" : nothing}
      .value=${live(code)} @input=${(event) => take(event.target.value)} />
  </div>`;
}
