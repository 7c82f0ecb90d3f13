import assert from "node:assert/strict";
import { test } from "node:test";

import {
  fillOf, foldCall, endOf, isToRetry, laneWord, likelyOutcome, speaksHere, stayed, talkedMs, wantsOutcome,
} from "../../../client/core/call.js";
import { goesAbroad, wayToStart } from "../../../client/core/call-setup.js";
import { START, askNow, startCall } from "../../../client/core/call-start.js";
import { FakeClock, seeded } from "./fakes.mjs";
import { signedIn } from "./world.mjs";

const AT = 1_800_000_000_000;
const leg = (side, name, more = {}) => ["call.leg", { side, n: 1, leg: name, ...more }];
const WHOLE = [
  ["call.started", { clinic: "c", shown: "+1 617-555-0100", mode: "own", attestation: "B", patient_mask: "•• 67" }],
  leg("clinician", "dialing", { until: AT + 25_000 }), leg("clinician", "ringing", { until: AT + 25_000 }),
  leg("clinician", "answered"), leg("clinician", "confirmed"), leg("patient", "dialing"), leg("patient", "ringing"),
  leg("patient", "answered"), ["call.bridged", { at: AT + 8000, max_s: 3600 }],
  leg("patient", "ended", { cause: "completed" }), ["call.ending", { by: "patient", cause: "completed" }],
  leg("clinician", "ended", { cause: "completed" }),
  ["call.ended", { by: "patient", cause: "completed", reason: "patient_hung_up", talked_s: 12 }],
  ["call.outcome", { how: "spoke", then: "done" }],
];
const items = (events) => events.map(([k, d], n) => ({ k, d, s: n + 1, ts: AT + n * 1000 }));

test("each prefix of a call's events is a phase, and the lanes only fill", () => {
  const phases = [];
  let fills = [0, 0];
  for (let n = 0; n <= WHOLE.length; n += 1) {
    const call = foldCall(items(WHOLE.slice(0, n)));
    if (phases.at(-1) !== call.phase) phases.push(call.phase);
    const now = [fillOf(call.clinician, "clinician"), fillOf(call.patient, "patient")];
    assert.ok(now[0] >= fills[0] && now[1] >= fills[1], `step ${n}`);
    fills = now;
  }
  assert.deepEqual(phases, ["waiting", "clinician", "patient", "connected", "ending", "ended"]);
  assert.deepEqual(fills, [4, 4]);
});

test("a leg that is told twice, late or out of order changes nothing that was reached", () => {
  const random = seeded(7);
  const straight = foldCall(items(WHOLE));
  for (let round = 0; round < 200; round += 1) {
    const repeated = WHOLE.flatMap((event, n) => {
      const late = WHOLE[Math.floor(random() * (n + 1))];
      return late[0] === "call.leg" && random() < 0.5 ? [event, late] : [event];
    });
    const call = foldCall(items(repeated));
    for (const side of ["clinician", "patient"]) {
      assert.equal(call[side].leg, straight[side].leg);
      assert.equal(call[side].reached, straight[side].reached);
    }
    assert.equal(call.phase, "ended");
  }
});

test("a newer attempt begins its lane anew, and what is late of the one before is ignored", () => {
  const events = [WHOLE[0], leg("clinician", "ringing"), leg("clinician", "ended", { cause: "failed" }), leg("clinician", "dialing", { n: 2 })];
  assert.equal(laneWord(foldCall(items(events)), "clinician"), "dialing");
  const late = foldCall(items([...events, leg("clinician", "ringing")]));
  assert.equal(late.clinician.n, 2);
  assert.equal(late.clinician.leg, "dialing");
});

const WIFI = [
  ["call.started", { ...WHOLE[0][1], way: "webrtc" }], leg("clinician", "confirmed"), leg("patient", "ringing"),
  leg("patient", "answered"), ["call.bridged", { at: AT + 4000, max_s: 3600 }],
];

test("a call over the browser is carried from its first moment to the end of that attempt", () => {
  const carried = (events) => speaksHere(foldCall(items(events)));
  assert.deepEqual([1, 2, 5].map((n) => carried(WIFI.slice(0, n))), [true, true, true]);
  assert.equal(carried([...WIFI, ["call.ending", { by: "patient" }]]), false);
  assert.equal(carried([...WIFI, leg("clinician", "ended", { cause: "lost" })]), false);
  assert.deepEqual([carried([]), carried(WHOLE.slice(0, 9))], [false, false]);
});

test("a call that goes on by phone is carried by the browser until the phone is there", () => {
  const second = (name, more = {}) => leg("clinician", name, { n: 2, ...more });
  const steps = [["call.hand_over", { way: "callback" }], second("ringing", { until: AT }), second("answered"), second("confirmed"), leg("clinician", "ended", { cause: "completed" })];
  const told = steps.map((_, n) => {
    const call = foldCall(items([...WIFI, ...steps.slice(0, n + 1)]));
    return [laneWord(call, "clinician"), call.moving, speaksHere(call), call.phase];
  });
  assert.deepEqual(told, [
    ["idle", true, true, "connected"], ["ringing", true, true, "connected"], ["answered", true, true, "connected"],
    ["here", false, true, "connected"], ["here", false, false, "connected"],
  ]);
});

test("a call that ends goes on nowhere", () => {
  const events = [...WIFI, ["call.hand_over", { way: "callback" }], ["call.ending", { by: "patient", cause: "completed" }]];
  const call = foldCall(items(events));
  assert.deepEqual([call.moving, speaksHere(call)], [false, false]);
});

test("a phone that was not answered leaves the call where it was, and says so", () => {
  const events = [...WIFI, ["call.hand_over", { way: "callback" }], leg("clinician", "ended", { n: 2, cause: "no_answer" })];
  const call = foldCall(items(events));
  assert.deepEqual([laneWord(call, "clinician"), call.moving, stayed(call), speaksHere(call)], ["here", false, true, true]);
  assert.equal(stayed(foldCall(items(WIFI))), false);
});

test("a line is held until it is said to be so no longer", () => {
  const held = (...told) => foldCall(items([...WIFI, ...told.map((one) => ["call.hold", { held: one }])])).held;
  assert.deepEqual([held(), held(true), held(true, false)], [false, true, false]);
});

test("what the service does not hear of the browser is known until it hears it again", () => {
  const heard = (...lost) => foldCall(items([...WIFI, ...lost.map((one) => ["call.media", { side: "clinician", lost: one }])])).unheard;
  assert.deepEqual([heard(), heard(true), heard(true, false)], [false, true, false]);
});

test("the way to begin with is the last one of this device as far as it is open, and the proved phone before", () => {
  const way = (carries, phone, last) => wayToStart({ carries, phone }, last);
  assert.deepEqual([way(true, true, null), way(true, true, "webrtc"), way(true, true, "callback")], ["callback", "webrtc", "callback"]);
  assert.deepEqual([way(true, false, "callback"), way(false, true, "webrtc"), way(false, false, null)], ["webrtc", "callback", "callback"]);
});

test("a call is abroad when it leaves the clinic's country, and not where either is unknown", () => {
  assert.deepEqual([goesAbroad("SE", "US"), goesAbroad("US", "US"), goesAbroad(null, "US"), goesAbroad("SE", undefined)], [true, false, false, false]);
});

test("what was not sent yet is no part of the truth", () => {
  const mine = { k: "call.outcome", d: { how: "spoke", then: "done" }, s: null, ts: AT };
  assert.equal(foldCall([...items(WHOLE.slice(0, 13)), mine]).outcome, null);
});

test("lanes say in a word how each side stands", () => {
  const word = (n, side) => laneWord(foldCall(items(WHOLE.slice(0, n))), side);
  assert.deepEqual([1, 2, 3, 4, 5].map((n) => word(n, "clinician")), ["idle", "dialing", "ringing", "answered", "here"]);
  assert.deepEqual([5, 6, 7, 8].map((n) => word(n, "patient")), ["idle", "dialing", "ringing", "here"]);
  assert.equal(word(13, "patient"), "left");
  const unreached = [WHOLE[0], WHOLE[1], WHOLE[2], leg("clinician", "ended", { cause: "no_answer" }), ["call.ended", { by: "service", cause: "no_answer", reason: "you_no_answer" }]];
  const call = foldCall(items(unreached));
  assert.equal(laneWord(call, "clinician"), "no_answer");
  assert.equal(laneWord(call, "patient"), "not_called");
});

test("the end says whether the patient's phone ever rang, and asks how it went only then", () => {
  const ended = (events, end) => endOf(foldCall(items([...events, ["call.ended", end]])));
  const never = ended(WHOLE.slice(0, 3), { by: "service", cause: "no_answer", reason: "you_no_answer" });
  assert.deepEqual([never.rang, wantsOutcome(never), likelyOutcome(never)], [false, false, null]);
  const rang = ended(WHOLE.slice(0, 7), { by: "service", cause: "no_answer", reason: "patient_no_answer" });
  assert.deepEqual([rang.rang, wantsOutcome(rang), likelyOutcome(rang)], [true, true, "no_answer"]);
  const machine = ended(WHOLE.slice(0, 7), { by: "service", cause: "voicemail", reason: "voicemail" });
  assert.equal(likelyOutcome(machine), null); // whether one spoke to it only the clinician knows
  const talked = ended(WHOLE.slice(0, 12), { by: "patient", cause: "completed", reason: "patient_hung_up" });
  assert.deepEqual([talked.talked, likelyOutcome(talked)], [true, null]);
});

test("the time of talk runs from the bridge, and is the service's own once it is over", () => {
  assert.equal(talkedMs(foldCall(items(WHOLE.slice(0, 8))), AT), null);
  assert.equal(talkedMs(foldCall(items(WHOLE.slice(0, 9))), AT + 20_000), 12_000);
  assert.equal(talkedMs(foldCall(items(WHOLE)), AT + 99_000), 12_000);
});

test("a call to try again is one until the same patient was called again", () => {
  const retry = { r: "a", at: 1, patient: { id: "p" }, outcome: { then: "retry", retry_at: 5 } };
  const other = { r: "b", at: 2, patient: { id: "q" }, outcome: null };
  assert.equal(isToRetry(retry, [retry, other]), true);
  assert.equal(isToRetry(retry, [retry, { ...other, patient: { id: "p" } }]), false);
  assert.equal(isToRetry({ ...retry, outcome: { then: "done" } }, [retry]), false);
  const typed = { ...retry, patient: null };
  assert.equal(isToRetry(typed, [typed, { r: "b", at: 2, patient: null }]), true);
});

test("a call that was refused leaves the time to try again standing, whatever it was refused for", () => {
  const retry = { r: "a", at: 1, state: "ended", patient: { id: "p" }, outcome: { then: "retry", retry_at: 5 } };
  const later = (state, reason) => ({ r: "b", at: 2, state, reason, patient: { id: "p" }, outcome: null });
  for (const reason of ["call.hours", "call.paused", "call.budget_minute"]) assert.equal(isToRetry(retry, [later("refused", reason), retry]), true);
  for (const state of ["live", "ended"]) assert.equal(isToRetry(retry, [later(state, ""), later("refused", "call.hours"), retry]), false);
});

// --- asking for a call -----------------------------------------------------------------------------------------------

const ORDER = { clinic: "c", caller_id: "n", patient: "p", to: "preferred", way: "callback", looked: true };

function line(answer) {
  const app = {
    line: { state: "online" },
    now: () => AT,
    asked: [],
    dropped: [],
    publish(r, k, d) {
      app.asked.push([r, k, d]);
      return { c: "c1", promise: answer };
    },
    async drop(c) {
      app.dropped.push(c);
      app.giveUp?.({ code: "dropped" });
      return true;
    },
  };
  return app;
}

test("a call is asked for once, with the moment past which it may not begin", async () => {
  const app = line(Promise.resolve({ s: 1, r: "call1" }));
  assert.deepEqual(await startCall(app, ORDER, new FakeClock()), { r: "call1" });
  assert.deepEqual(app.asked, [["me", "call.start", { ...ORDER, until: AT + START.untilMs }]]);
  assert.deepEqual(app.dropped, []);
});

test("without a line nothing is asked for at all", async () => {
  const app = line(Promise.resolve({ r: "call1" }));
  app.line.state = "offline";
  await assert.rejects(startCall(app, ORDER, new FakeClock()), { code: "offline" });
  assert.deepEqual(app.asked, []);
});

test("a wish to go on by phone is asked for in the call itself, now or not at all", async () => {
  const app = line(Promise.resolve({ s: 9 }));
  assert.deepEqual(await askNow(app, "call1", "call.hand_over", { way: "callback" }, new FakeClock()), { s: 9 });
  assert.deepEqual(app.asked, [["call1", "call.hand_over", { way: "callback" }]]);
  app.line.state = "reconnecting";
  await assert.rejects(askNow(app, "call1", "call.hand_over", { way: "callback" }, new FakeClock()), { code: "offline" });
  assert.equal(app.asked.length, 1);
});

test("what the line did not take in time is taken back, and nothing rings", async () => {
  const clock = new FakeClock();
  const app = line(null);
  const promise = new Promise((_, reject) => { app.giveUp = reject; });
  app.publish = () => ({ c: "c1", promise });
  const asked = assert.rejects(startCall(app, ORDER, clock), { code: "offline" });
  await clock.advance(START.patienceMs - 1);
  assert.deepEqual(app.dropped, []);
  await clock.advance(2);
  assert.deepEqual(app.dropped, ["c1"]);
  await asked;
});

test("a refusal is told and leaves nothing behind that was not sent", async () => {
  const refusal = Object.assign(new Error("no"), { code: "call.paused", msg: "Calls are paused." });
  const app = line(Promise.reject(refusal));
  await assert.rejects(startCall(app, ORDER, new FakeClock()), { code: "call.paused" });
  assert.deepEqual(app.dropped, ["c1"]);
});

test("through the real outbox: a call that could not be sent is gone, also after the line is back", async () => {
  const { app, clock, server } = await signedIn();
  server.faults.refuseSockets = true;
  server.cutAll();
  await clock.advance(100);
  assert.notEqual(app.line.state, "online");
  // The screen drew its button a moment before the line was lost.
  const stale = { ...app, line: { state: "online" }, now: () => app.now(), publish: (...all) => app.publish(...all), drop: (c) => app.drop(c) };
  const asked = assert.rejects(startCall(stale, ORDER, clock), { code: "offline" });
  await clock.advance(START.patienceMs + 10);
  await asked;
  assert.deepEqual(app.outbox(), []);
  server.faults.refuseSockets = false;
  await clock.advance(60_000);
  assert.deepEqual(app.outbox(), []);
  assert.ok(server.streams.get("inbox-1").log.every((event) => event.k !== "call.start"));
});
