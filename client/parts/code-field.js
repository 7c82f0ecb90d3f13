/** A one-time code: six digits that can be typed, pasted with spaces, or filled in by the phone from a message or a call. */
import { html, live, nothing } from "./html.js";
import { icon } from "./icon.js";
import { t } from "./words.js";

/** The digits of whatever was pasted: "Your code is 123 456." gives "123456". */
export function codeIn(text, length = 6) {
  return text.replace(/\D/g, "").slice(0, length);
}

/**
 * The field. When all digits are there, `onWhole` is called, so that nobody has to press a button as well.
 * @param {{id: string, code: string, error?: string, hint?: any, onCode: (code: string) => void, onWhole: () => void}} parts
 */
export function codeField({ id, code, error = "", hint = nothing, onCode, onWhole }) {
  const take = (text) => {
    const digits = codeIn(text);
    const grown = digits.length > code.length;
    onCode(digits);
    if (grown && digits.length === 6) onWhole();
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
