/** The sound of a call that goes over a browser: how good it is, one's own level, mute, keys, and the way to the telephone. */
import { forgetKeys, goOnByPhone, pressKey, soundOf, takeSound, toggleMute, touchSound } from "../call-media.js";
import { speaksHere } from "../core/call.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { openKeypad } from "../parts/keypad.js";
import "../parts/level-meter.js";
import { callout } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { errorText, t } from "../parts/words.js";
import { keptMarks } from "../platform/sound-marks.js";
import { remember, update } from "../screen.js";

const SIGNS = {
  asking: ["refresh-cw", "pill-wait"], connecting: ["refresh-cw", "pill-wait"], sound: ["circle-check", "pill-done"],
  poor: ["triangle-alert", "pill-wait"], lost: ["wifi-off", "pill-end"], held: ["pause", "pill-wait"], tap: ["hand", "pill-wait"],
  blocked: ["mic-off", "pill-end"],
};
const SAID = { lost: ["wait", "wifi-off"], poor: ["wait", "triangle-alert"], held: ["wait", "pause"] };

/** Beside the lanes: how good the sound is, and what there is to do about it. @param {string} r @param {object} call */
export function soundPart(r, call) {
  if (!speaksHere(call)) return nothing;
  const sound = soundOf(r);
  // A page that is being loaded again takes up in a moment what it carried.
  if (!sound) return keptMarks()?.r === r ? nothing : elsewhere(r);
  const [sign, tone] = SIGNS[sound.state];
  return html`<section class="sound" aria-label=${t("sound.title")}>
    <p class="sound-line"><span class="pill ${tone}" role="status">${icon(sign)}${t(`sound.${sound.state}`)}</span>
      ${sound.track ? html`<cb-level .track=${sound.track} .muted=${sound.muted}></cb-level>` : nothing}</p>
    ${sound.muted ? callout("wait", "mic-off", t("sound.muted"), "status") : nothing}
    ${said(sound, call)}
  </section>`;
}

function said(sound, { unheard }) {
  const { state } = sound;
  if (state === "blocked") return [callout("end", "mic-off", t(`microphone.${sound.why}`), "alert"), again(t("microphone.again"))];
  if (state === "tap") return [callout("wait", "hand", t("sound.tap.text"), "status"), again(t("sound.go_on"))];
  if (state in SAID) return callout(...SAID[state], [t(`sound.${state}.text`), sound.problem ? html` ${errorText(sound.problem)}` : nothing], "status");
  if (sound.problem && sound.byPhone) return callout("wait", "wifi-off", errorText(sound.problem), "status");
  return unheard ? callout("wait", "mic-off", t("sound.unheard"), "status") : nothing;
}

function again(text) {
  return html`<button class="btn btn-primary btn-wide" type="button" @click=${touchSound}>${text}</button>`;
}

/** This call is carried by another page, or by none: from a touch it is brought here. */
function elsewhere(r) {
  return html`<section class="sound" aria-label=${t("sound.title")}>
    ${callout("wait", "monitor", t("sound.elsewhere"), "status")}
    <button class="btn btn-primary btn-wide" type="button" @click=${() => takeSound(r)}>${icon("mic")}${t("sound.take")}</button>
  </section>`;
}

/** Under the thumb, above the button that ends the call. */
export function soundKeys(r, call) {
  const sound = speaksHere(call) ? soundOf(r) : null;
  if (!sound) return nothing;
  const moving = call.moving || state(r).busy;
  return html`<div class="sound-keys" role="group" aria-label=${t("sound.title")}>
    <button class="sound-key ${sound.muted ? "sound-key-on" : ""}" type="button" aria-pressed=${sound.muted ? "true" : "false"} @click=${toggleMute}>
      ${icon(sound.muted ? "mic-off" : "mic")}<span>${t("sound.mute")}</span></button>
    <button class="sound-key" type="button" @click=${() => openKeypad(() => soundOf(r) ?? { keys: "", mayPress: false }, pressKey).then(forgetKeys)}>
      ${icon("grip")}<span>${t("keys.open")}</span></button>
    <button class="sound-key ${sound.byPhone && !moving ? "sound-key-lead" : ""}" type="button" aria-busy=${moving ? "true" : "false"}
      @click=${() => move(r, call)}>${icon("phone-forwarded")}<span>${t("sound.by_phone")}</span></button>
  </div>`;
}

const state = (r) => remember(`call-moving/${r}`, () => ({ busy: false }));

/** One's own phone rings; until it is answered one speaks on here. */
async function move(r, { moving }) {
  const mine = state(r);
  if (mine.busy || moving) return;
  mine.busy = true;
  update();
  await goOnByPhone(r).catch((error) => (error.code === "offline" ? toast(t("sound.by_phone.offline")) : tellError(error)));
  mine.busy = false;
  update();
}
