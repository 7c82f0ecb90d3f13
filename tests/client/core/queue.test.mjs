import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue, keep } from "../../../client/core/queue.js";
import { Turns } from "../../../client/core/turns.js";
import { FakeClock, FakeLocks } from "./fakes.mjs";

function filled(...entries) {
  const queue = new Queue(() => 0.5);
  entries.forEach(([c, r], n) => queue.add(keep({ c, r, k: "message", d: {}, at: n, order: n })));
  return queue;
}

const ids = (entries) => entries.map((entry) => entry.c);

test("one message of each stream is under way at a time", () => {
  const queue = filled(["a1", "a"], ["a2", "a"], ["b1", "b"]);
  assert.deepEqual(ids(queue.next(0)), ["a1", "b1"]);
  assert.deepEqual(ids(queue.next(0)), []);
  queue.remove("a1");
  assert.deepEqual(ids(queue.next(0)), ["a2"]);
});

test("an answer that does not come in time means the same message again, not a failure", () => {
  const queue = filled(["a1", "a"]);
  queue.next(0);
  assert.equal(queue.dueAt(0), 20_000);
  assert.deepEqual(ids(queue.next(19_999)), []);
  assert.deepEqual(ids(queue.next(20_000)), ["a1"]);
});

test("busy holds up its own stream, too fast holds up all", () => {
  const queue = filled(["a1", "a"], ["a2", "a"], ["b1", "b"]);
  queue.next(0);
  queue.refuse("a1", { code: "busy", retry: true, after: 1000 }, 0);
  queue.remove("b1");
  queue.add(keep({ c: "b2", r: "b", k: "message", d: {}, at: 9, order: 9 }));
  assert.deepEqual(ids(queue.next(100)), ["b2"]);
  queue.refuse("b2", { code: "rate", retry: true, after: 5000 }, 100);
  assert.deepEqual(ids(queue.next(3000)), []);
  assert.deepEqual(ids(queue.next(7000)), ["a1", "b2"]);
});

test("no more is sent in a second than the service takes", () => {
  const queue = filled(...Array.from({ length: 60 }, (_, n) => [`c${n}`, `r${n}`]));
  let sent = 0;
  for (let now = 0; now <= 5000; now += 50) {
    for (const entry of queue.next(now)) {
      sent += 1;
      queue.remove(entry.c);
    }
  }
  assert.ok(sent >= 28 && sent <= 30, String(sent));
});

test("a fault of the service that stays is shown in the end, and may have been stored", () => {
  const queue = filled(["a1", "a"]);
  let now = 0;
  for (let n = 0; n < 9; n += 1) {
    queue.next((now += 60_000));
    assert.equal(queue.refuse("a1", { code: "internal", retry: true, after: null }, now), false);
  }
  queue.next((now += 60_000));
  assert.equal(queue.refuse("a1", { code: "internal", retry: true, after: null }, now), true);
  assert.deepEqual([queue.get("a1").state, queue.get("a1").uncertain], ["failed", true]);
});

test("a tab that sleeps with the turn in hand loses it after a while", async () => {
  const [clock, locks] = [new FakeClock(), new FakeLocks()];
  const told = [];
  const tab = (name) =>
    new Turns({
      locks,
      name: "x",
      clock,
      onTurn: () => told.push(`${name} has it`),
      onLost: () => told.push(`${name} lost it`),
    });
  const [first, second] = [tab("first"), tab("second")];
  first.take();
  await clock.advance(10);
  assert.equal(first.mine, true);
  assert.equal(second.take(), false);
  await clock.advance(19_000);
  assert.equal(second.mine, false);
  await clock.advance(2000);
  assert.deepEqual([first.mine, second.mine], [false, true]);
  assert.deepEqual(told, ["first has it", "first lost it", "second has it"]);
});

test("a turn that is given back goes to the one who waits", async () => {
  const [clock, locks] = [new FakeClock(), new FakeLocks()];
  const tab = () => new Turns({ locks, name: "x", clock, onTurn: () => {}, onLost: () => {} });
  const [first, second] = [tab(), tab()];
  first.take();
  await clock.advance(10);
  second.take();
  first.end();
  await clock.advance(10);
  assert.deepEqual([first.mine, second.mine], [false, true]);
});
