/** A form's work: once at a time, and what is refused stands in the form. */
import { update, updateNow } from "../screen.js";
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";
import { errorText } from "./words.js";

/**
 * Carry a form's work out, unless it is under way already.
 * @param {{busy: boolean, error: string}} form @param {() => Promise<any>} work
 * @returns {Promise<any>} what the work gave, undefined when it was refused
 */
export async function carryOut(form, work) {
  if (form.busy) return undefined;
  Object.assign(form, { busy: true, error: "" });
  update();
  try {
    return await work();
  } catch (error) {
    form.error = errorText(error);
    return undefined;
  } finally {
    form.busy = false;
    updateNow();
  }
}

/** What was refused, in words. @param {{error: string}} form */
export function wrong(form) {
  return form.error ? html`<p class="field-error" role="alert">${icon("circle-alert")}${form.error}</p>` : nothing;
}
