import assert from "node:assert/strict";
import { test } from "node:test";

import { Streams } from "../../../client/core/streams.js";

const ev = (s, more = {}) => ({
  t: "ev",
  r: "a",
  s,
  k: "message",
  u: "Blue Fox",
  ts: s,
  d: { text: String(s) },
  ...more,
});
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => ev(from + n));

/** Streams with "a" wanted, whose first page held events 1 to `to`. */
function live(to = 3) {
  const streams = new Streams();
  streams.want("a");
  streams.collect();
  const wishes = streams.onRooms([{ r: "a", e: "e1", s: to, rec: 1, me: "Grey Heron" }], [{ r: "a" }]);
  const page = wishes.find((wish) => wish.do === "page");
  streams.get("a").onPage(page.token, { items: run(1, to), e: "e1", read: 0 });
  streams.collect();
  return streams;
}

const dos = (wishes, name) => wishes.filter((wish) => wish.do === name);
const shown = (streams) =>
  streams
    .get("a")
    .history.list()
    .map((entry) => entry.s);

test("the next event is applied, an earlier one ignored, a later one asks from where we stand", () => {
  const streams = live(3);
  assert.equal(dos(streams.onFrame(ev(4)), "event").length, 1);
  assert.equal(dos(streams.onFrame(ev(4)), "event").length, 0);
  assert.equal(dos(streams.onFrame(ev(2)), "event").length, 0);
  const wishes = streams.onFrame(ev(6));
  assert.equal(dos(wishes, "event").length, 0);
  assert.equal(dos(wishes, "sub").length, 1);
  assert.deepEqual(streams.get("a").position(), { r: "a", p: 4, e: "e1" });
  assert.equal(dos(streams.onFrame(ev(7)), "sub").length, 0, "asked already");
  streams.onRooms([{ r: "a", e: "e1", s: 7, rec: 1 }], [{ r: "a", p: 4, e: "e1" }]);
  assert.equal(streams.get("a").phase, "catching-up");
  assert.deepEqual(streams.progress(), { missing: 3, total: 3, done: 0 });
  for (const event of run(5, 7)) streams.onFrame(event);
  assert.deepEqual([streams.get("a").phase, streams.get("a").pos], ["live", 7]);
});

test("events that come while the page is loaded are applied after it, and only what lies behind it", () => {
  const streams = new Streams();
  streams.want("a");
  const [page] = dos(streams.onRooms([{ r: "a", e: "e1", s: 2, rec: 1 }], [{ r: "a" }]), "page");
  for (const event of [ev(3), ev(4), ev(5)]) streams.onFrame(event);
  assert.deepEqual(shown(streams), []);
  streams.get("a").onPage(page.token, { items: run(1, 4), e: "e1" });
  assert.deepEqual(shown(streams), [1, 2, 3, 4, 5]);
  assert.deepEqual([streams.get("a").pos, streams.get("a").phase], [5, "live"]);
});

test("no recovery loads the newest page, and events of it that are new are told as late", () => {
  const streams = live(3);
  streams.onDown();
  assert.equal(streams.get("a").phase, "stale");
  const [page] = dos(streams.onRooms([{ r: "a", e: "e1", s: 700, rec: 0 }], [{ r: "a", p: 3, e: "e1" }]), "page");
  assert.deepEqual(streams.get("a").position(), { r: "a" });
  streams.get("a").onPage(page.token, { items: run(651, 700), e: "e1" });
  const events = dos(streams.collect(), "event");
  assert.deepEqual([events.length, events[0].late, shown(streams)[0]], [50, true, 651]);
  assert.equal(streams.get("a").history.older, true);
});

test("another epoch replaces everything that was known, and its numbers are new ones", () => {
  const streams = live(9);
  const [page] = dos(streams.onRooms([{ r: "a", e: "e2", s: 7, rec: 0 }], [{ r: "a", p: 9, e: "e1" }]), "page");
  streams
    .get("a")
    .onPage(page.token, { items: run(1, 7).map((event) => ({ ...event, d: { text: "again" } })), e: "e2" });
  const stream = streams.get("a");
  assert.deepEqual(
    [stream.epoch, stream.pos, stream.phase, stream.history.list()[6].d.text],
    ["e2", 7, "live", "again"],
  );
  streams.onFrame(ev(8));
  assert.equal(stream.pos, 8);
});

test("a recovery that names another epoch than ours is none", () => {
  const streams = live(3);
  assert.equal(
    dos(streams.onRooms([{ r: "a", e: "e2", s: 4, rec: 1 }], [{ r: "a", p: 3, e: "e1" }]), "page").length,
    1,
  );
});

test("a page of another epoch than the subscription's subscribes again", () => {
  const streams = new Streams();
  streams.want("a");
  const [page] = dos(streams.onRooms([{ r: "a", e: "e1", s: 2, rec: 1 }], [{ r: "a" }]), "page");
  streams.get("a").onPage(page.token, { items: run(1, 2), e: "e2" });
  assert.equal(dos(streams.collect(), "sub").length, 1);
  assert.deepEqual(streams.get("a").position(), { r: "a", p: 2, e: "e2" });
});

test("an answer to a page that is no longer wanted is dropped", () => {
  const streams = new Streams();
  streams.want("a");
  const [first] = dos(streams.onRooms([{ r: "a", e: "e1", s: 2, rec: 1 }], [{ r: "a" }]), "page");
  const [second] = dos(streams.onRooms([{ r: "a", e: "e1", s: 4, rec: 1 }], [{ r: "a" }]), "page");
  streams.get("a").onPage(first.token, { items: run(1, 2), e: "e1" });
  assert.deepEqual(shown(streams), []);
  streams.get("a").onPage(second.token, { items: run(1, 4), e: "e1" });
  assert.deepEqual(shown(streams), [1, 2, 3, 4]);
});

test("a head in a heartbeat that is ahead of us asks for the tail", () => {
  const streams = live(3);
  assert.deepEqual(dos(streams.onFrame({ t: "hb", n: 1, h: { a: 3, b: 9 } }), "sub"), []);
  assert.equal(dos(streams.onFrame({ t: "hb", n: 2, h: { a: 5 } }), "sub").length, 1);
});

test("a stream that was ended for good keeps its history and is not subscribed again", () => {
  const streams = live(3);
  streams.onFrame({ t: "bye", r: "a", code: 4506 });
  assert.deepEqual([streams.get("a").phase, shown(streams).length, streams.subs()], ["closed", 3, []]);
});

test("a stream that is closed before it was seen loads its history all the same", () => {
  const streams = new Streams();
  streams.want("a");
  streams.collect();
  const [page] = dos(streams.onFrame({ t: "bye", r: "a", code: 4506 }), "page");
  streams.get("a").onPage(page.token, { items: run(1, 3), e: "e1" });
  assert.deepEqual([streams.get("a").phase, shown(streams).length], ["closed", 3]);
});

test("a snapshot and the events after it are the snapshot of now, whatever was changed in between", () => {
  const changes = [
    ev(4, { k: "edit", d: { target: 1, text: "new" } }),
    ev(5, { k: "redact", d: { target: 2 } }),
    ev(6, { k: "edit", d: { target: 3, text: "b" } }),
  ];
  const then = live(3);
  for (const event of changes) then.onFrame(event);
  const now = new Streams();
  now.want("a");
  const [page] = dos(now.onRooms([{ r: "a", e: "e1", s: 6, rec: 1 }], [{ r: "a" }]), "page");
  const served = [
    ev(1, { d: { text: "new" } }),
    ev(2, { d: { redacted: true } }),
    ev(3, { d: { text: "b" } }),
    ...changes,
  ];
  now.get("a").onPage(page.token, { items: served, e: "e1" });
  const plain = (streams) =>
    streams
      .get("a")
      .history.list()
      .map(({ s, d, removed, changed }) => [s, d, removed, changed?.how, changed?.at]);
  assert.deepEqual(plain(then), plain(now));
});

test("an edit that is served after its target was taken away brings nothing back", () => {
  const streams = live(3);
  streams.onFrame(ev(4, { k: "redact", d: { target: 1 } }));
  streams.onFrame(ev(5, { k: "edit", d: { target: 1, redacted: true } }));
  const [first] = streams.get("a").history.list();
  assert.deepEqual([first.removed, first.d, first.changed.how], [true, {}, "redact"]);
});

test("a cursor that is learnt later marks what was changed since", () => {
  const streams = live(3);
  streams.onFrame(ev(4, { k: "edit", d: { target: 1, text: "new" } }));
  streams.get("a").knowRead(3);
  assert.deepEqual(
    streams
      .get("a")
      .history.list()
      .map((entry) => entry.changed?.afterRead),
    [true, undefined, undefined],
  );
});

test("who reads, types and is here is kept by pseudonym, and cursors only go forward", () => {
  const streams = live(3);
  const eph = (k, d) => streams.onFrame({ t: "eph", r: "a", k, u: "Blue Fox", d }, 1000);
  eph("read", { s: 3 });
  eph("read", { s: 1 });
  eph("here", { here: true });
  eph("typing", { for_ms: 5000 });
  assert.deepEqual(streams.get("a").people.get("Blue Fox"), { read: 3, hereUntil: Infinity, typingUntil: 6000 });
  streams.onFrame(ev(4));
  assert.equal(streams.get("a").people.get("Blue Fox").typingUntil, 0);
  streams.onDown(9000);
  assert.equal(streams.get("a").people.get("Blue Fox").hereUntil, 44_000);
});

test("streams wanted while the hello was under way are asked for after it", () => {
  const streams = live(3);
  streams.want("b");
  streams.onSubFailed([{ r: "b" }]);
  assert.deepEqual(streams.forgotten([{ r: "a" }]), ["b"]);
});
