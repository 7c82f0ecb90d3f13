/** Which way one speaks: over this device, or by one's own phone. Kept on this device; the choice is there where both are. */
import { askIce } from "../call-media.js";
import { wayToStart } from "../core/call-setup.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded } from "../parts/loaded.js";
import { t } from "../parts/words.js";
import { canCarry } from "../platform/microphone.js";

const KEY = "curbside.call_way";
const WAYS = [["webrtc", "wifi"], ["callback", "smartphone"]];

/**
 * Whether this device can carry the sound of a call. @param {object} setup GET /calls/setup
 * @returns {{known: boolean, carries: boolean}}
 */
export function carrying(setup) {
  if (!setup.webrtc || !setup.second_factor || !canCarry()) return { known: true, carries: false };
  const ice = loaded("calls/ice", () => askIce().catch(() => null));
  return { known: ice.phase !== "loading", carries: Boolean(ice.value) };
}

/** The way that is chosen now. @param {object} setup GET /calls/setup @returns {"webrtc"|"callback"} */
export function wayOf(setup) {
  return wayToStart({ carries: carrying(setup).carries, phone: Boolean(setup.phone?.verified) }, localStorage.getItem(KEY));
}

/** Choose it here, for the next calls too. @param {"webrtc"|"callback"} way */
export function keepWay(way) {
  localStorage.setItem(KEY, way);
}

/** The choice at the button. @param {object} setup @param {() => void} changed */
export function wayField(setup, changed) {
  if (!carrying(setup).carries) return nothing;
  const chosen = wayOf(setup);
  const phone = Boolean(setup.phone?.verified);
  return html`<fieldset class="ways">
    <legend class="unseen">${t("ways.title")}</legend>
    ${WAYS.map(([way, sign]) => html`<label class="way">
      <input type="radio" name="way" value=${way} .checked=${way === chosen} ?disabled=${way === "callback" && !phone}
        @change=${() => { keepWay(way); changed(); }} />${icon(sign)}<span>${t(`ways.${way}`)}</span></label>`)}
  </fieldset>
  ${phone ? nothing : html`<p class="note soft">${t("ways.no_phone")} <a href="/me#me-phone">${t("ways.no_phone.do")}</a></p>`}`;
}
