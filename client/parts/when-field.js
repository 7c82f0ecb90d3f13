/** A field for a date and a time by the clock of a clinic, which is named where it is not the clock of the device. */
import { instantsOf, isElsewhere, placeOf } from "../core/wall.js";
import { screen } from "../screen.js";
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";
import { exactIn, t } from "./words.js";

/**
 * @param {{id: string, label: any, value: string, zone?: string, set: (value: string) => void, last?: boolean}} parts
 *   value: "2026-03-29T02:30"; last: of two instants that the clock shows so the second is meant, as for an end
 */
export function whenField({ id, label, value, zone, set, last = false }) {
  const found = instantsOf(value, zone);
  const none = value && found.length === 0;
  const said = [zoneHint(zone) && `${id}-zone`, none && `${id}-none`, found.length > 1 && `${id}-twice`].filter(Boolean).join(" ");
  return html`<div class="field ${none ? "field-wrong" : ""}"><label for=${id}>${label}</label>
    ${zoneHint(zone) ? html`<p class="hint" id="${id}-zone">${zoneHint(zone)}</p>` : nothing}
    ${none ? html`<p class="field-error" id="${id}-none">${icon("circle-alert")}${t("time.none")}</p>` : nothing}
    <input class="input narrow-wide" id=${id} type="datetime-local" required aria-describedby=${said || nothing} .value=${value} @input=${(event) => set(event.target.value)} />
    ${found.length > 1 ? html`<p class="hint" id="${id}-twice">${t(last ? "time.twice.last" : "time.twice.first")}</p>` : nothing}</div>`;
}

/** "By the clinic's clock, in New York: it is 09:12 there now." Empty where that is the clock of the device. */
export function zoneHint(zone) {
  const now = screen.app.now();
  return isElsewhere(zone, now) ? t("time.by_clinic", { place: placeOf(zone), time: exactIn(now, zone, false) }) : "";
}

/** The instant that was entered, Unix ms; null where there is none. @param {string} value @param {string} [zone] @param {boolean} [last] */
export function whenOf(value, zone, last = false) {
  return instantsOf(value, zone).at(last ? -1 : 0) ?? null;
}
