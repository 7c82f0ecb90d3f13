/** An icon of the vendored sprite. It is decoration: the words beside it or the control's label carry the meaning. */
import { html } from "./html.js";

const SPRITE = new URL("../vendor/icons.svg", import.meta.url).pathname;

/** @param {string} name a Lucide name listed in client/vendor.py */
export function icon(name) {
  return html`<svg class="icon" aria-hidden="true" focusable="false"><use href=${`${SPRITE}#${name}`}></use></svg>`;
}
