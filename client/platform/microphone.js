/** The microphone, the loudspeaker and the level between them, as a browser gives them. Effects only, no rules. */
import { loudness } from "../core/media-quality.js";

const WANTED = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };
const WHY = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "taken", AbortError: "taken" };

/** Whether calls can be carried by this browser at all: it has the parts, and the page came over a safe connection. */
export function canCarry() {
  return typeof RTCPeerConnection === "function" && Boolean(navigator.mediaDevices?.getUserMedia);
}

/** What the browser would say to a question for the microphone. @returns {Promise<"granted"|"denied"|"prompt">} */
export async function microphoneStands() {
  const status = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
  return status?.state ?? "prompt";
}

/**
 * Opens it. `why` it could not be: "denied", "none" (there is no microphone) or "taken" (another app holds it).
 * @param {(state: "live"|"muted"|"ended") => void} onState
 * @returns {Promise<{microphone: object} | {why: string}>}
 */
export async function openMicrophone(onState) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    return { why: WHY[error.name] ?? "taken" };
  }
  const [track] = stream.getAudioTracks();
  const state = () => (track.readyState === "ended" ? "ended" : track.muted ? "muted" : "live");
  for (const name of ["mute", "unmute", "ended"]) track.addEventListener(name, () => onState(state()));
  return {
    microphone: {
      track,
      state,
      /** Silence is sent instead, so that the connection stays. */
      mute: (muted) => { track.enabled = !muted; },
      close: () => stream.getTracks().forEach((one) => one.stop()),
    },
  };
}

/** What plays the other end. `play` gives false where the browser wants a touch first. */
export function openSpeaker() {
  const element = new Audio();
  return {
    play: async (stream) => {
      if (stream && element.srcObject !== stream) element.srcObject = stream;
      return element.play().then(() => true, (error) => error.name !== "NotAllowedError");
    },
    close: () => {
      element.pause();
      element.srcObject = null;
    },
  };
}

/** Measures a track. `read` gives 0..1; nothing is computed between `rest` and the next `read`. */
export function openLevel(track) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    read: () => {
      if (context.state === "suspended") void context.resume();
      analyser.getFloatTimeDomainData(samples);
      return loudness(samples);
    },
    rest: () => void context.suspend(),
    close: () => void context.close(),
  };
}

