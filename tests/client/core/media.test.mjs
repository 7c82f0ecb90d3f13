import assert from "node:assert/strict";
import { test } from "node:test";

import { telephoneFirst } from "../../../client/core/call-codecs.js";
import { Marks } from "../../../client/core/media-marks.js";
import { TIMES } from "../../../client/core/media-inputs.js";
import { Media } from "../../../client/core/media.js";
import { Quality, loudness, lossBetween, sampleOf } from "../../../client/core/media-quality.js";
import { seeded } from "./fakes.mjs";

/** The sound of a call with the clock in hand; `run` gives an input and returns what is to be done. */
function sound(kept) {
  const media = new Media(kept);
  let now = 1000;
  const run = (type, more = {}) => media.handle({ type, ...more }, now);
  const one = {
    media,
    run,
    does: (type, more) => run(type, more).map((action) => action.do).filter((name) => name !== "changed"),
    pass: (ms) => {
      const done = [];
      const until = now + ms;
      for (let due = media.nextTimer(); due !== null && due <= until; due = media.nextTimer()) {
        now = Math.max(now, due);
        done.push(...run("timer"));
      }
      now = until;
      return done.map((action) => action.do).filter((name) => name !== "changed");
    },
    count: (received, lost = 0, farLoss = null, link = media.using) => {
      now += 1000;
      return run("sample", { link, sample: { at: now, received, lost, farLoss, jitterMs: 0 } });
    },
    /** From an offer that is being made to its connection. */
    connect: (peer, link = media.link) => {
      run("offered", { link, sdp: `offer ${link}` });
      run("answered", { link, peer, sdp: `answer ${link}` });
      return run("connection", { link, state: "connected" });
    },
    up: (peer = 1) => {
      run("start");
      run("microphone", { state: "live" });
      return one.connect(peer);
    },
  };
  return one;
}

test("it opens the microphone, offers, sends, answers, and is heard", () => {
  const { media, does } = sound();
  assert.deepEqual(does("start"), ["microphone"]);
  assert.deepEqual([does("microphone", { state: "live" }), media.state], [["offer"], "asking"]);
  assert.deepEqual(does("offered", { link: 1, sdp: "o" }), ["keep", "send"]);
  assert.deepEqual(does("answered", { link: 1, peer: 1, sdp: "a" }), ["keep", "answer"]);
  assert.equal(media.state, "connecting");
  assert.deepEqual([does("connection", { link: 1, state: "connected" }), media.state], [["use"], "sound"]);
  assert.deepEqual({ ...media.marks }, { peer: 1, asked: 0 });
});

test("a network that changes brings a new link, and the one before is closed only when that is connected", () => {
  const { media, run, does, pass, up, connect } = sound();
  up();
  run("network", { online: true });
  run("network", { online: true });
  assert.deepEqual(pass(TIMES.settleMs), ["offer"]);
  assert.equal(media.state, "sound");
  assert.deepEqual(connect(2).map((action) => [action.do, action.link]).filter(([name]) => name !== "changed"), [["close", 1], ["use", 2]]);
  assert.deepEqual(does("connection", { link: 1, state: "failed" }), []);
});

test("without a network nothing is offered until it is back", () => {
  const { media, run, pass, up } = sound();
  up();
  run("network", { online: false });
  run("connection", { link: 1, state: "disconnected" });
  assert.deepEqual([pass(30_000), media.state, media.byPhone], [[], "lost", true]);
  run("network", { online: true });
  assert.deepEqual(pass(TIMES.settleMs), ["offer"]);
});

test("a connection that was only late changes nothing; one that is gone is made anew", () => {
  const { media, run, pass, up, connect } = sound();
  up();
  run("connection", { link: 1, state: "disconnected" });
  assert.equal(media.state, "lost");
  pass(TIMES.goneMs - 1);
  run("connection", { link: 1, state: "connected" });
  assert.deepEqual([pass(20_000), media.state], [[], "sound"]);
  run("connection", { link: 1, state: "disconnected" });
  assert.deepEqual(pass(TIMES.goneMs + 250), ["offer"]);
  run("connection", { link: 1, state: "failed" });
  connect(2);
  assert.equal(media.state, "sound");
});

test("it tries again with longer and longer waits, and leads to the telephone after the second failure", () => {
  const { media, run, pass } = sound();
  run("start");
  run("microphone", { state: "live" });
  const waits = [];
  for (let n = 1; n <= 6; n += 1) {
    run("offered", { link: media.link, sdp: "o" });
    run("unanswered", { link: media.link, status: 503, code: "media.none" });
    assert.equal(media.byPhone, n > 1, `after ${n}`);
    const before = media.link;
    for (let ms = 0; media.link === before; ms += 250) {
      pass(250);
      if (media.link !== before) waits.push(ms + 250);
    }
  }
  assert.deepEqual(waits, [250, 1000, 2000, 4000, 4000, 4000]);
  assert.equal(media.problem.code, "media.none");
});

test("a sound that the service cannot use is tried again, and leads to the telephone", () => {
  const { media, run, pass } = sound();
  run("start");
  run("microphone", { state: "live" });
  for (const link of [1, 2]) {
    run("offered", { link, sdp: "o" });
    run("unanswered", { link, status: 409, code: "media.refused" });
    pass(1000);
  }
  assert.deepEqual([media.state, media.byPhone, media.problem.code], ["asking", true, "media.refused"]);
});

test("a service that says when to come back is obeyed", () => {
  const { run, pass } = sound();
  run("start");
  run("microphone", { state: "live" });
  run("offered", { link: 1, sdp: "o" });
  run("unanswered", { link: 1, status: 429, code: "rate", after: 7000 });
  assert.deepEqual([pass(6999), pass(1)], [[], ["offer"]]);
});

test("an answer that leads to no connection is given up in time", () => {
  const { run, pass } = sound();
  run("start");
  run("microphone", { state: "live" });
  run("offered", { link: 1, sdp: "o" });
  run("answered", { link: 1, peer: 1, sdp: "a" });
  assert.deepEqual(pass(TIMES.connectMs + 250), ["close", "offer"]);
});

test("a call that the service does not carry any more is over for good", () => {
  for (const [status, code] of [[401, "unauthorized"], [404, "not_found"], [409, "call.ended"], [409, "media.no_leg"]]) {
    const { media, run, does, pass } = sound();
    run("start");
    run("microphone", { state: "live" });
    run("offered", { link: 1, sdp: "o" });
    run("unanswered", { link: 1, status, code });
    assert.deepEqual([media.state, media.nextTimer(), pass(60_000), does("start"), does("take")], ["over", null, [], [], []]);
  }
});

test("after a reload this page's own numbers go on, though an answer was lost on the way", () => {
  const first = sound();
  first.up();
  first.run("network", { online: true });
  first.pass(TIMES.settleMs);
  first.run("offered", { link: 2, sdp: "o" }); // its number, 2, never came
  const kept = JSON.parse(JSON.stringify(first.media.marks));
  const second = sound(kept);
  second.up(3);
  assert.equal(second.media.state, "sound");
  assert.deepEqual({ ...second.media.marks }, { peer: 3, asked: 0 });
});

test("what another device has taken over is not fought for, until it is wanted here", () => {
  const { media, run, does, connect } = sound();
  const one = sound();
  one.up();
  one.run("connection", { link: 1, state: "failed" }); // the other's sound has come
  one.pass(250);
  one.run("offered", { link: 2, sdp: "o" });
  const answered = one.does("answered", { link: 2, peer: 3, sdp: "a" });
  assert.deepEqual([answered, one.media.state], [["keep", "close"], "elsewhere"]);
  assert.deepEqual(one.pass(60_000), []);
  assert.deepEqual(does("take"), ["microphone"]);
  run("microphone", { state: "live" });
  const kept = JSON.parse(JSON.stringify(media.marks));
  assert.equal(sound(kept).media.marks.asked, Infinity, "also over a reload");
  connect(9);
  assert.equal(media.state, "sound");
  assert.deepEqual({ ...media.marks }, { peer: 9, asked: 0 });
});

test("of two offers of ours under way each may have its number", () => {
  const marks = new Marks();
  marks.ask();
  marks.ask();
  assert.deepEqual([marks.numbered(1), marks.asked, marks.numbered(2), marks.asked], [true, 1, true, 0]);
  assert.equal(marks.numbered(3), false);
});

test("once the sound has held, or the network has changed, it is tried as quickly as at first", () => {
  const failing = (reset) => {
    const one = sound();
    one.up();
    one.run("connection", { link: 1, state: "failed" });
    one.pass(250);
    one.run("unmade", { link: 2 });
    one.pass(1000);
    reset(one);
    one.run("connection", { link: one.media.using ?? 0, state: "failed" });
    const before = one.media.link;
    one.pass(250);
    return one.media.link - before;
  };
  assert.equal(failing((one) => { one.connect(2); one.pass(TIMES.steadyMs - 1); }), 0);
  assert.equal(failing((one) => { one.connect(2); one.pass(TIMES.steadyMs); }), 1);
  assert.equal(failing((one) => { one.run("network", { online: true }); one.pass(TIMES.settleMs); one.connect(2); }), 1);
});

test("offers that were refused have no number, so somebody else's is still seen", () => {
  const { media, run, pass } = sound();
  run("start");
  run("microphone", { state: "live" });
  run("offered", { link: 1, sdp: "o" });
  run("unanswered", { link: 1, status: 429, code: "rate" });
  pass(250);
  run("offered", { link: 2, sdp: "o" });
  run("answered", { link: 2, peer: 2, sdp: "a" });
  assert.equal(media.state, "elsewhere");
});

test("while the system has the microphone the line is held, and goes on by itself", () => {
  const { media, does, up, run } = sound();
  up();
  assert.deepEqual(run("microphone", { state: "muted" }).filter(({ do: name }) => name === "hold"), [{ do: "hold", held: true }]);
  assert.equal(media.state, "held");
  assert.deepEqual(does("microphone", { state: "muted" }), []);
  assert.deepEqual([does("microphone", { state: "live" }), media.state], [["hold"], "sound"]);
  assert.deepEqual(does("microphone", { state: "ended" }), ["hold", "microphone"]);
  run("refused", { why: "tap" });
  assert.equal(media.state, "tap");
  assert.deepEqual(does("tap"), ["play", "microphone"]);
  assert.deepEqual([does("microphone", { state: "live" }), media.state], [["hold"], "sound"]);
});

test("a microphone that is refused leads to the telephone, and may be tried again", () => {
  const { media, run, does } = sound();
  run("start");
  run("refused", { why: "denied" });
  assert.deepEqual([media.state, media.why, media.byPhone], ["blocked", "denied", true]);
  assert.deepEqual([does("tap"), does("microphone", { state: "live" })], [["microphone"], ["offer"]]);
  assert.equal(media.byPhone, false);
});

test("a browser that plays nothing without a touch asks for one", () => {
  const { media, run, does, up } = sound();
  up();
  run("silent");
  assert.equal(media.state, "tap");
  assert.deepEqual([does("tap"), media.state], [["play"], "sound"]);
});

test("one in ten lost for five seconds is poor, and is good again only well below that", () => {
  const { media, count, up } = sound();
  up();
  const states = [];
  let [received, lost] = [0, 0];
  for (let second = 0; second < 20; second += 1) {
    const bad = second >= 5 && second < 12;
    received += bad ? 45 : 50;
    lost += bad ? 5 : 0;
    count(received, lost);
    states.push(media.state);
  }
  assert.equal(states.indexOf("poor"), 9);
  assert.equal(states.lastIndexOf("poor"), 14);
  assert.equal(media.byPhone, false);
});

test("a bad beginning is not yet poor", () => {
  const { media, count, up } = sound();
  up();
  for (let second = 0; second < 5; second += 1) count(second * 30, second * 20);
  assert.equal(media.state, "sound");
  count(150, 100);
  assert.equal(media.state, "poor");
});

test("what the other end misses counts like what is missed here", () => {
  const { media, count, up } = sound();
  up();
  for (let second = 0; second < 7; second += 1) count(second * 50, 0, 0.12);
  assert.deepEqual([media.state, media.byPhone], ["poor", true]);
});

test("silence of three seconds is lost: one new link is made, and no second one while nothing comes", () => {
  const { media, count, pass, up, connect } = sound();
  up();
  for (const received of [50, 100, 100, 100, 100]) count(received);
  assert.equal(media.state, "lost");
  assert.deepEqual(pass(250), ["offer"]);
  connect(2);
  for (let second = 0; second < 8; second += 1) count(0);
  assert.equal(media.state, "lost");
  assert.deepEqual(pass(10_000), []);
  count(50);
  assert.equal(media.state, "sound");
  for (let second = 0; second < 4; second += 1) count(50);
  assert.deepEqual(pass(1000), ["offer"], "it had come back in between");
});

test("what is lost for five seconds leads to the telephone", () => {
  const { media, run, pass, up } = sound();
  up();
  run("connection", { link: 1, state: "disconnected" });
  assert.equal(media.byPhone, false);
  pass(TIMES.byPhoneMs);
  assert.equal(media.byPhone, true);
});

test("whatever comes in whatever order, at most two links live, and none after the end", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seeded(seed);
    const pick = (list) => list[Math.floor(random() * list.length)];
    const media = new Media();
    const living = new Set();
    let now = 0;
    const give = (input) => {
      for (const action of media.handle(input, now)) {
        if (action.do === "offer") living.add(action.link);
        if (action.do === "close") living.delete(action.link);
      }
      assert.ok(living.size <= 2, `seed ${seed}: ${[...living]}`);
    };
    give({ type: "start" });
    for (let step = 0; step < 120; step += 1) {
      now += Math.floor(random() * 3000);
      const link = pick([media.link, media.link, media.using ?? 0, media.link - 1]);
      give(pick([
        { type: "microphone", state: pick(["live", "live", "muted", "ended"]) }, { type: "refused", why: pick(["tap", "denied"]) },
        { type: "tap" }, { type: "offered", link, sdp: "o" }, { type: "unmade", link }, { type: "answered", link, peer: media.marks.peer + 1, sdp: "a" },
        { type: "unanswered", link, status: pick([0, 429, 503]), code: "x" },
        { type: "connection", link, state: pick(["connected", "disconnected", "failed", "closed"]) },
        { type: "network", online: random() < 0.7 }, { type: "timer" },
      ]));
    }
    give({ type: "stop" });
    assert.deepEqual([[...living], media.nextTimer()], [[], null], `seed ${seed}`);
  }
});

test("samples are read of what a browser counts, whatever else it counts", () => {
  const stats = [
    { type: "codec", mimeType: "audio/PCMU" }, { type: "inbound-rtp", kind: "video", packetsReceived: 9 },
    { type: "inbound-rtp", kind: "audio", packetsReceived: 96, packetsLost: 4, jitter: 0.0123 },
    { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.25 },
  ];
  assert.deepEqual(sampleOf(stats, 7), { at: 7, received: 96, lost: 4, farLoss: 0.25, jitterMs: 12 });
  assert.deepEqual(sampleOf([], 7), { at: 7, received: 0, lost: 0, farLoss: null, jitterMs: null });
  const before = { received: 100, lost: 3 };
  assert.equal(lossBetween(before, { received: 190, lost: 13 }), 0.1);
  assert.equal(lossBetween(before, { received: 150, lost: 1 }), 0); // packets that came twice
  assert.equal(lossBetween(before, before), 0);
  const quality = new Quality();
  quality.add({ at: 0, received: 0, lost: 0, farLoss: null });
  assert.equal(quality.word, "good");
});

test("the level is as loud as it sounds", () => {
  const wave = (size) => Float32Array.from({ length: 512 }, (_, n) => size * Math.sin((2 * Math.PI * n * 16) / 512));
  assert.equal(loudness(new Float32Array(512)), 0);
  assert.ok(Math.abs(loudness(wave(1)) - 0.95) < 0.01);
  assert.ok(Math.abs(loudness(wave(0.1)) - 0.617) < 0.01);
  assert.equal(loudness(wave(0.0005)), 0);
});

test("what telephones speak is offered first, and the rest stays in its order", () => {
  const codec = (mimeType, clockRate) => ({ mimeType, clockRate });
  const given = [
    codec("audio/opus", 48_000), codec("audio/red", 48_000), codec("audio/telephone-event", 48_000), codec("audio/G722", 8000),
    codec("audio/PCMA", 8000), codec("audio/telephone-event", 8000), codec("audio/PCMU", 8000),
  ];
  const names = telephoneFirst(given).map((one) => `${one.mimeType.slice(6)} ${one.clockRate}`);
  assert.deepEqual(names.slice(0, 4), ["PCMU 8000", "PCMA 8000", "telephone-event 8000", "opus 48000"]);
  assert.equal(names.length, given.length);
});
