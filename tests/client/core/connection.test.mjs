import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection } from "../../../client/core/connection.js";

/** A connection with the clock in hand; `run` gives an input and collects what is to be done. */
function line({ random = () => 0.5, subs = () => [{ r: "a", p: 3, e: "e" }] } = {}) {
  const connection = new Connection({ dev: "d", random, subs, applied: () => ({ a: 3 }) });
  let now = 1000;
  const run = (input) => connection.handle(input, now);
  const text = (...frames) =>
    run({ type: "text", socket: connection.socket, text: frames.map((frame) => JSON.stringify(frame)).join("\n") });
  return {
    connection,
    run,
    text,
    pass: (ms) => {
      now += ms;
      return run({ type: "timer" });
    },
    until: () => connection.nextTimer() - now,
    up: (d = { hb_s: 25 }) => {
      run({ type: "start" });
      run({ type: "ticket", tok: "t1", lifetimeMs: 900_000 });
      const [{ frames }] = run({ type: "opened", socket: connection.socket });
      return text({ t: "re", i: frames[0].i, ok: 1, d, rooms: [] });
    },
  };
}

const does = (actions) => actions.map((action) => action.do);

test("it asks for a ticket, opens, greets with positions, and is up with the answer", () => {
  const { connection, run, text } = line();
  assert.deepEqual(does(run({ type: "start" })), ["ticket", "line"]);
  assert.deepEqual(does(run({ type: "ticket", tok: "t1", lifetimeMs: 900_000 })), ["open", "line"]);
  const [send] = run({ type: "opened", socket: 1 });
  assert.deepEqual(send.frames[0], { t: "hello", i: 1, v: 1, tok: "t1", dev: "d", subs: [{ r: "a", p: 3, e: "e" }] });
  const actions = text({ t: "re", i: 1, ok: 1, d: {}, rooms: [{ r: "a" }] });
  assert.deepEqual(does(actions), ["line", "up", "reply"]);
  assert.deepEqual(actions[2].tag, { kind: "sub", subs: [{ r: "a", p: 3, e: "e" }] });
  assert.equal(connection.state, "up");
});

test("a heartbeat is answered with its number and what was applied, and told on where it has heads", () => {
  const { text, up } = line();
  up();
  assert.deepEqual(text({ t: "hb", n: 7 }), [{ do: "send", socket: 1, frames: [{ t: "hb", n: 7, p: { a: 3 } }] }]);
  assert.deepEqual(does(text({ t: "hb", n: 8, h: { a: 9 } })), ["send", "frame"]);
});

test("silence beyond the heartbeat's time is a lost line", () => {
  const { connection, pass, up } = line();
  up();
  pass(42_000);
  assert.equal(connection.state, "up");
  assert.deepEqual(does(pass(1000)), ["close", "down", "line", "line"]);
  assert.equal(connection.state, "waiting");
});

test("a passing code is followed by another attempt with the same ticket, a final one by none", () => {
  const { connection, run, pass, until, up } = line();
  up();
  run({ type: "closed", socket: 1, code: 1006 });
  assert.equal(until(), 250);
  assert.deepEqual(does(pass(250)), ["open", "line"]);
  run({ type: "opened", socket: connection.socket });
  const actions = run({ type: "closed", socket: connection.socket, code: 4505 });
  assert.ok(does(actions).includes("ended"));
  assert.equal(connection.nextTimer(), null);
  assert.equal(connection.endCode, 4505);
});

test("a bye ends the line before the close frame comes, and its wait is honoured", () => {
  const { connection, text, until, up, run } = line();
  up();
  const actions = text({ t: "bye", code: 4001, msg: "", retry: true, after: 4 }, { t: "ev", r: "a", s: 4 });
  assert.ok(!does(actions).includes("frame"), "nothing after a bye");
  assert.ok(until() >= 4000 && until() <= 5000);
  assert.deepEqual(run({ type: "closed", socket: 1, code: 4001 }), [], "the close of a socket that was left");
  assert.equal(connection.state, "waiting");
});

test("a bye for one stream keeps the line", () => {
  const { connection, text, up } = line();
  up();
  assert.deepEqual(does(text({ t: "bye", r: "a", code: 4503 })), ["frame"]);
  assert.equal(connection.state, "up");
});

test("an expired ticket is asked for anew", () => {
  const { run, pass, up } = line();
  up();
  run({ type: "closed", socket: 1, code: 4014 });
  assert.deepEqual(does(pass(30_000)), ["ticket", "line"]);
});

test("a ticket is renewed on the living line before it ends", () => {
  const { connection, run, pass, text, up } = line();
  up();
  for (let n = 0; n < 26; n += 1) {
    text({ t: "hb", n });
    if (n < 25) pass(25_000);
  }
  assert.deepEqual(does(pass(32_000)), ["ticket"]);
  const [send] = run({ type: "ticket", tok: "t2", lifetimeMs: 900_000 });
  assert.deepEqual([send.frames[0].t, send.frames[0].tok, send.frames[0].subs], ["hello", "t2", undefined]);
  assert.deepEqual(text({ t: "re", i: send.frames[0].i, ok: 1, d: {} }), []);
  assert.equal(connection.state, "up");
});

test("no session while a ticket is asked for ends the line as not signed in", () => {
  const { connection, run } = line();
  run({ type: "start" });
  assert.equal(run({ type: "ticketFailed", final: true }).at(-1).code, 4501);
  assert.equal(connection.state, "ended");
});

test("a ticket that cannot be had yet is asked for again, later and later", () => {
  const { connection, run, until } = line();
  run({ type: "start" });
  const waits = [];
  for (let n = 0; n < 5; n += 1) {
    run({ type: "ticketFailed", final: false });
    waits.push(until());
    connection.handle({ type: "timer" }, connection.nextTimer());
  }
  assert.deepEqual(waits.slice(0, 1), [250]);
  assert.ok(waits[4] > waits[1]);
});

test("waking up asks for a sign of life, and without one goes over to a new socket at once", () => {
  const { run, pass, text, until, up } = line();
  up();
  const [send] = run({ type: "wake" });
  assert.equal(send.frames[0].t, "sub");
  assert.deepEqual(run({ type: "wake" }), [], "one question is enough");
  text({ t: "hb", n: 1 });
  assert.ok(until() > 5000);
  run({ type: "wake" });
  pass(5000);
  assert.equal(until(), 0);
});

test("the network coming back ends the wait", () => {
  const { connection, run, up } = line({ random: () => 0.99 });
  up();
  run({ type: "closed", socket: 1, code: 1006 });
  assert.deepEqual(does(run({ type: "online" })), ["line", "open", "line"]);
  assert.equal(connection.state, "opening");
});

test("a socket that does not open and a hello without an answer are given up", () => {
  const { connection, run, pass } = line();
  run({ type: "start" });
  run({ type: "ticket", tok: "t", lifetimeMs: null });
  pass(12_000);
  assert.equal(connection.state, "waiting");
  pass(60_000);
  run({ type: "opened", socket: connection.socket });
  pass(10_000);
  assert.equal(connection.state, "waiting");
});

test("attempts that fail soon after they succeeded do not start over with short waits", () => {
  const { connection, run, text, until } = line({ random: () => 0.999 });
  run({ type: "start" });
  run({ type: "ticket", tok: "t", lifetimeMs: null });
  const waits = [];
  for (let n = 0; n < 4; n += 1) {
    const [{ frames }] = run({ type: "opened", socket: connection.socket });
    text({ t: "re", i: frames[0].i, ok: 1, d: {} });
    run({ type: "closed", socket: connection.socket, code: 1006 });
    waits.push(Math.round(until()));
    connection.handle({ type: "timer" }, connection.nextTimer());
  }
  assert.deepEqual(waits, [500, 999, 1998, 3996]);
});

test("inputs of an older socket change nothing", () => {
  const { connection, run, pass, up } = line();
  up();
  run({ type: "closed", socket: 1, code: 1006 });
  pass(250);
  for (const input of [
    { type: "opened" },
    { type: "text", text: '{"t":"hb","n":1}' },
    { type: "closed", code: 4501 },
  ]) {
    assert.deepEqual(run({ ...input, socket: 1 }), []);
  }
  assert.equal(connection.state, "opening");
});
