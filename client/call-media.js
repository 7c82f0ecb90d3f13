/**
 * The sound of the call that this page carries, if it carries one: does what `core/media.js` says, by the parts of
 * `platform/`. It outlives the screens, so that one may look elsewhere while one speaks, and a reload of the page.
 */
import { keepAwake } from "./call-list.js";
import { foldCall, speaksHere } from "./core/call.js";
import { askNow } from "./core/call-start.js";
import { Media } from "./core/media.js";
import { microphoneStands, openMicrophone, openSpeaker } from "./platform/microphone.js";
import { makePeer } from "./platform/peer.js";
import { keepMarks, keptMarks } from "./platform/sound-marks.js";
import { screen, update } from "./screen.js";

const SAMPLE_MS = 1000;
const ICE_MS = 300_000; // what TURN servers are told of is good for longer

let sound = null;
let ice = { value: null, at: 0 };

/** What is carried here for a call, as screens show it; null where it is carried elsewhere or not at all. @param {string} r */
export function soundOf(r) {
  if (sound?.r !== r) return null;
  const { media, muted, keys, microphone } = sound;
  return {
    state: media.state, byPhone: media.byPhone, why: media.why, problem: media.problem, muted, keys,
    track: microphone?.track ?? null, mayPress: sound.peers.get(media.using)?.mayPress() ?? false,
  };
}

/** Whether calls can be carried by this page now: the service's servers, or null. Asked for each set-up. */
export async function askIce() {
  const value = await screen.api.get("/calls/media/ice");
  ice = { value, at: performance.now() };
  return value;
}

/** The servers for one connection. A call that is under way goes on without them where the service takes no new ones. */
async function freshIce() {
  if (ice.value === null || performance.now() - ice.at > ICE_MS) await askIce().catch(() => null);
  return ice.value ?? { iceServers: [] };
}

/** Opens the microphone ahead of a call. @returns {Promise<{microphone: object} | {why: string}>} */
export function openAhead() {
  const ahead = { microphone: null };
  const opened = openMicrophone((state) => ahead.microphone?.onState?.(state));
  return opened.then((answer) => {
    ahead.microphone = answer.microphone ?? null;
    return answer;
  });
}

/** Carries a call that was just asked for, over a microphone that is open. */
export function beginSound(r, microphone) {
  begin(r, {}, microphone);
  input({ type: "start" });
}

/** Goes on with the call that this page carried before it was loaded again. */
export function resumeSound() {
  const kept = keptMarks();
  if (!kept || sound) return;
  begin(kept.r, kept);
  input({ type: "start" });
}

/** Brings the sound of a call here, wherever it is. Call it from a touch. */
export function takeSound(r) {
  begin(r, {});
  sound.touched = true;
  input({ type: "take" });
}

/** Ends it here: the microphone is closed. */
export function endSound() {
  if (sound) input({ type: "stop" });
}

/** Nothing of a call stays with who signed out. */
export function leaveSound() {
  endSound();
  keepMarks(null);
}

/** A touch, where the browser or the microphone waited for one. */
export function touchSound() {
  if (sound) sound.touched = true;
  input({ type: "tap" });
}

/** Silence instead of the microphone, or the microphone again. */
export function toggleMute() {
  sound.muted = !sound.muted;
  sound.microphone?.mute(sound.muted);
  keep();
  update();
}

/** Sends a key to the other end. @param {string} key one of 0-9, * and # */
export function pressKey(key) {
  const peer = sound?.peers.get(sound.media.using);
  if (!peer?.mayPress()) return;
  peer.press(key);
  sound.keys += key;
  update();
}

/** Forgets which keys were pressed: they may be a secret. */
export function forgetKeys() {
  if (sound) sound.keys = "";
}

/** Has one's own phone rung, to go on there. @returns {Promise<void>} rejects with why not */
export async function goOnByPhone(r) {
  await askNow(screen.app, r, "call.hand_over", { way: "callback" });
}

// --- one call --------------------------------------------------------------------------------------------------------

function begin(r, { peer, asked, muted = false }, microphone = null) {
  endSound();
  sound = {
    r, media: new Media({ peer, asked }), microphone: null, opening: false, touched: microphone !== null, muted, keys: "",
    held: false, holding: false, saidHeld: null, peers: new Map(), speaker: openSpeaker(), timer: null,
    sampler: setInterval(sample, SAMPLE_MS), offs: [],
  };
  screen.app.subscribe(r);
  sound.offs.push(
    screen.app.on("stream", ({ r: other, view }) => other === r && hear(view)),
    listen(window, "online", () => input({ type: "network", online: true })),
    listen(window, "offline", () => input({ type: "network", online: false })),
    ...otherNetwork(),
  );
  keepAwake("sound", true);
  if (microphone) useMicrophone(microphone);
}

/** From Wi-Fi to cellular without a moment offline: only some browsers tell. */
function otherNetwork() {
  const { connection } = navigator;
  if (!connection?.type) return [];
  let { type } = connection;
  return [listen(connection, "change", () => {
    if (connection.type === type) return;
    ({ type } = connection);
    if (type !== "none") input({ type: "network", online: true });
  })];
}

function listen(target, name, fn) {
  target.addEventListener(name, fn);
  return () => target.removeEventListener(name, fn);
}

/** The call has ended, or goes on by telephone alone. */
function hear(view) {
  if (view?.phase === "gone") endSound();
  if (!sound || !view?.items.length) return;
  const call = foldCall(view.items);
  if (!speaksHere(call)) endSound();
  else void tellHold(sound, call.held);
}

/**
 * Has the service hold the line, or no longer, where it does not do so yet: also what a page before this one held, and
 * once the line is back. @param {boolean} known what the call's events say
 */
async function tellHold(mine, known) {
  const { held } = mine;
  if (known === held || mine.holding || mine.saidHeld === held) return;
  mine.holding = true;
  // A refusal is not asked for again; what no line took is.
  const said = await askNow(screen.app, mine.r, "call.hold", { held }).then(() => true, (error) => error.code !== "offline");
  if (said) mine.saidHeld = held;
  mine.holding = false;
  if (mine.held !== held && sound === mine) hear(screen.app.stream(mine.r));
}

function release(over) {
  for (const off of over.offs) off();
  over.microphone?.close();
  over.speaker.close();
  clearTimeout(over.timer);
  clearInterval(over.sampler);
  screen.app.unsubscribe(over.r);
  keepAwake("sound", false);
}

/** What is over, or carried by another page, is let go of. */
function settle() {
  if (!["elsewhere", "over"].includes(sound.media.state)) return;
  keepMarks(null);
  release(sound);
  sound = null;
  update();
}

function input(one) {
  const mine = sound;
  if (!mine) return;
  for (const action of mine.media.handle(one, performance.now())) if (sound === mine) DOES[action.do](action, mine);
  if (sound !== mine) return;
  settle();
  if (sound === mine) wake(mine);
}

function wake(mine) {
  clearTimeout(mine.timer);
  const due = mine.media.nextTimer();
  if (due === null) return;
  mine.timer = setTimeout(() => sound === mine && input({ type: "timer" }), Math.max(0, due - performance.now()));
}

/** Inputs of a call that this page carries no more are no news. */
function tell(mine, one) {
  if (sound === mine) input(one);
}

async function sample() {
  const mine = sound;
  const link = mine.media.using;
  const peer = mine.peers.get(link);
  const counted = await peer?.sample().catch(() => null);
  if (counted) tell(mine, { type: "sample", link, sample: counted });
}

function keep() {
  keepMarks({ r: sound.r, muted: sound.muted, ...sound.media.marks });
}

function useMicrophone(microphone) {
  const mine = sound;
  mine.microphone?.close();
  mine.microphone = microphone;
  microphone.mute(mine.muted);
  microphone.onState = (state) => mine.microphone === microphone && tell(mine, { type: "microphone", state });
  for (const peer of mine.peers.values()) void peer.replace(microphone.track);
  input({ type: "microphone", state: microphone.state() });
}

const DOES = {
  async microphone(_, mine) {
    const state = mine.microphone?.state() ?? "ended";
    if (state !== "ended") return tell(mine, { type: "microphone", state });
    if (mine.opening) return undefined;
    mine.opening = true;
    // Nobody is asked for a microphone out of the blue.
    const answer = mine.touched || (await microphoneStands()) === "granted" ? await openAhead() : { why: "tap" };
    mine.opening = false;
    if (sound !== mine) answer.microphone?.close();
    else if (answer.microphone) useMicrophone(answer.microphone);
    else input({ type: "refused", why: answer.why });
    return undefined;
  },
  async play(_, mine) {
    await play(mine, null);
  },
  async offer({ link }, mine) {
    try {
      const servers = await freshIce();
      if (sound !== mine || mine.media.trying?.link !== link) return;
      const onState = (state) => tell(mine, { type: "connection", link, state });
      const peer = makePeer(servers, mine.microphone.track, { onState });
      mine.peers.set(link, peer);
      tell(mine, { type: "offered", link, sdp: await peer.offer() });
    } catch {
      tell(mine, { type: "unmade", link });
    }
  },
  async send({ link, sdp }, mine) {
    const asked = screen.api.post(`/calls/${mine.r}/media`, { sdp });
    tell(mine, await asked.then(
      (answer) => ({ type: "answered", link, peer: answer.peer, sdp: answer.sdp }),
      ({ status, code, after }) => ({ type: "unanswered", link, status, code, after }),
    ));
  },
  async answer({ link, sdp }, mine) {
    await mine.peers.get(link)?.answer(sdp).catch(() => tell(mine, { type: "connection", link, state: "failed" }));
  },
  async use({ link }, mine) {
    await play(mine, mine.peers.get(link).stream);
  },
  close({ link }, mine) {
    mine.peers.get(link)?.close();
    mine.peers.delete(link);
  },
  keep: () => keep(),
  hold({ held }, mine) {
    mine.held = held;
    hear(screen.app.stream(mine.r));
  },
  changed: () => update(),
};

async function play(mine, stream) {
  if (!(await mine.speaker.play(stream))) tell(mine, { type: "silent" });
}
