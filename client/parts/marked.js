/**
 * A text field in which the gate's marks stand under the words that stop it, and the list of what to do about each: the
 * reason and a rewrite by one tap. Nothing here ever changes text by itself.
 */
import { checkLocally } from "../core/gate.js";
import { html, ifDefined, live, nothing, repeat } from "./html.js";
import { icon } from "./icon.js";
import { t } from "./words.js";

/** What in `text` the service would refuse; [] when nothing was found here. */
export function marksIn(text) {
  return text ? checkLocally(text) : [];
}

/** `text` with one marked span rewritten. */
export function rewritten(text, mark) {
  return text.slice(0, mark.start) + (mark.rewrite ?? "") + text.slice(mark.end);
}

function backdrop(text, marks) {
  const parts = [];
  let at = 0;
  for (const mark of marks) {
    parts.push(text.slice(at, mark.start), html`<mark>${text.slice(mark.start, mark.end)}</mark>`);
    at = mark.end;
  }
  parts.push(text.slice(at), "\n");
  return parts;
}

function follow(event) {
  const back = event.target.parentElement.querySelector(".marked-back");
  back.scrollTop = event.target.scrollTop;
}

/**
 * The field. @param {{id: string, text: string, marks: object[], label?: string, describedby?: string, tall?: boolean,
 *   placeholder?: string, invalid?: boolean, max?: number, onText: (text: string) => void,
 *   onKey?: (event: KeyboardEvent) => void}} parts
 */
export function markedField({ id, text, marks, label, describedby, tall, placeholder, invalid, max, onText, onKey }) {
  return html`<div class="marked ${tall ? "marked-tall" : ""}">
    <div class="marked-back" aria-hidden="true">${marks.length ? backdrop(text, marks) : nothing}</div>
    <textarea id=${id} rows="1" dir="auto" aria-label=${ifDefined(label)} aria-describedby=${ifDefined(describedby)}
      aria-invalid=${invalid || marks.length ? "true" : nothing} placeholder=${ifDefined(placeholder)}
      maxlength=${ifDefined(max)} .value=${live(text)}
      @input=${(event) => onText(event.target.value)} @keydown=${onKey ?? nothing} @scroll=${follow}></textarea>
  </div>`;
}

/** The list of marks with reason and rewrite. @param {(text: string) => void} onText */
export function markList(text, marks, onText, id = "gate-marks") {
  if (!marks.length) return html`<div id=${id}></div>`;
  return html`<ul class="gate" id=${id} aria-label=${t("gate.label")}>
    ${repeat(marks, (mark) => `${mark.start}:${mark.end}`, (mark) => html`<li class="gate-mark">
      ${icon("triangle-alert")}
      <span><q>${text.slice(mark.start, mark.end)}</q> ${reasonOf(mark)}</span>
      <button class="btn btn-small" type="button" @click=${() => onText(rewritten(text, mark))}>
        ${mark.rewrite ? t("gate.use", { text: mark.rewrite }) : t("gate.remove")}
      </button>
    </li>`)}
  </ul>`;
}

/** Why a span is stopped, in the language of the screens where its category is known. */
export function reasonOf(mark) {
  const key = `gate.why.${mark.category}`;
  const text = t(key);
  return text && text !== key ? text : mark.reason;
}
