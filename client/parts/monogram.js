/** The face of a pseudonym: two letters on a colour that comes from the thread, never from the member. */
import { html } from "./html.js";

const HUES = 8;

/** A small number from a thread and a pseudonym in it; another thread gives another. @returns {number} 0 to 7 */
export function hueOf(thread, name) {
  let sum = 2166136261;
  for (const char of `${thread}/${name}`) sum = Math.imul(sum ^ char.codePointAt(0), 16777619) >>> 0;
  return sum % HUES;
}

/** @param {string} thread @param {string} name the pseudonym, a word pair */
export function monogram(thread, name) {
  const letters = name.split(/[\s-]+/).slice(0, 2).map((word) => [...word][0] || "").join("").toUpperCase();
  return html`<span class="monogram hue-${hueOf(thread, name)}" aria-hidden="true">${letters}</span>`;
}
