/** What both sides hear while the line is held: two soft tones every four seconds. Effects only, no rules. */

const EVERY_S = 4;
const TONE_S = 0.25;
const HERTZ = 440;
const LOUD = 0.12;
const AHEAD_S = 600; // written down beforehand, so that no timer of a page in the background has to keep it

/** Sounds on this device at once, and in `track` for the other end. @returns {{track: MediaStreamTrack, close: () => void}} */
export function openHold() {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: HERTZ });
  const gate = new GainNode(context, { gain: 0 });
  const out = context.createMediaStreamDestination();
  tone.connect(gate).connect(out);
  gate.connect(context.destination);
  for (let at = context.currentTime; at < context.currentTime + AHEAD_S; at += EVERY_S) {
    for (const start of [at, at + 2 * TONE_S]) {
      gate.gain.setTargetAtTime(LOUD, start, 0.01);
      gate.gain.setTargetAtTime(0, start + TONE_S, 0.01);
    }
  }
  tone.start();
  return {
    track: out.stream.getAudioTracks()[0],
    close: () => void context.close(),
  };
}
