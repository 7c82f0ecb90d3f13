/** Alerts by sound, vibration and sight, for an offer or a message that comes while one looks elsewhere. */
import { markTitle, unmarkTitle } from "./title.js";

let context = null;

/** A browser gives sound only after a touch: take the first one. Called once. */
export function startAlerts() {
  const wake = () => {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume();
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { once: true, passive: true });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) unmarkTitle();
  });
}

/** Two soft tones for an offer, one for a message; nothing when sound is not allowed yet. */
function tone(frequencies) {
  if (!context || context.state !== "running" || soundOff()) return;
  frequencies.forEach((frequency, n) => {
    const start = context.currentTime + n * 0.18;
    const oscillator = new OscillatorNode(context, { frequency });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.12, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.35);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.4);
  });
}

/** Someone asks: sound, vibration, and a mark in the title while the page is out of sight. */
export function alertOffer() {
  tone([660, 880]);
  navigator.vibrate?.([180, 90, 180]);
  markTitle();
}

/** A message came: quieter, and silent while one looks at the page. */
export function alertMessage() {
  if (!document.hidden) return;
  tone([740]);
  navigator.vibrate?.(90);
  markTitle();
}

/** Whether the member turned sounds off on this device. */
export function soundOff() {
  return localStorage.getItem("curbside.sound") === "off";
}

/** @param {boolean} off */
export function keepSoundOff(off) {
  localStorage.setItem("curbside.sound", off ? "off" : "on");
}
