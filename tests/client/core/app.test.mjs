import assert from "node:assert/strict";
import { test } from "node:test";

import { ME } from "./model.mjs";
import { signedIn, texts, world } from "./world.mjs";

test("a message is shown at once as waiting and becomes sent under the same id", async () => {
  const { app, clock, server } = await signedIn();
  const { c, promise } = app.publish("r1", "message", { text: "hello" });
  const [first] = app.stream("r1").items;
  assert.equal(first.state, "waiting");
  assert.equal(first.id, c);
  await clock.advance(1000);
  assert.equal((await promise).s, 1);
  const [item] = app.stream("r1").items;
  assert.deepEqual([item.state, item.id, item.s], ["sent", c, 1]);
  assert.equal(server.streams.get("r1").log.length, 1);
  assert.deepEqual(app.outbox(), []);
});

test("a message becomes read when another one's cursor passes it", async () => {
  const { app, clock, server } = await signedIn();
  app.publish("r1", "message", { text: "hello" });
  await clock.advance(1000);
  for (const socket of server.sockets)
    server.write(socket, { t: "eph", r: "r1", k: "read", u: "Blue Fox", d: { s: 1 } });
  await clock.advance(200);
  assert.equal(app.stream("r1").items[0].state, "read");
});

test("an edit of what was read is marked with its time, a removal takes the text away", async () => {
  const { app, clock, server } = await signedIn();
  server.append("r1", { k: "message", d: { text: "5 mg" }, u: "Blue Fox" });
  server.append("r1", { k: "message", d: { text: "unread" }, u: "Blue Fox" });
  await clock.advance(1000);
  app.read("r1", 1);
  server.append("r1", { k: "edit", d: { target: 1, text: "0.5 mg" }, u: "Blue Fox" });
  server.append("r1", { k: "redact", d: { target: 2 }, u: "Blue Fox" });
  await clock.advance(1000);
  const [first, second] = app.stream("r1").items;
  assert.equal(first.d.text, "0.5 mg");
  assert.deepEqual([first.changed.how, first.changed.afterRead], ["edit", true]);
  assert.deepEqual([second.removed, second.changed.afterRead, second.d], [true, false, {}]);
  assert.equal(app.stream("r1").items.length, 2);
});

test("the line tells how many events are missing while it catches up", async () => {
  const { app, clock, server } = await signedIn();
  const lines = [];
  app.on("line", (line) => lines.push(line));
  server.faults.refuseSockets = true;
  server.cutAll();
  await clock.advance(2000);
  for (let n = 0; n < 12; n += 1) server.append("r1", { k: "message", d: { text: String(n) }, u: "Blue Fox" });
  server.faults.refuseSockets = false;
  await clock.advance(30_000);
  const catching = lines.filter((line) => line.state === "catching-up");
  assert.ok(catching.some((line) => line.total === 12 && line.done > 0));
  assert.equal(app.line.state, "online");
  assert.equal(app.stream("r1").pos, 12);
});

test("a final code ends the line; the member is asked for again and signed out if there is none", async () => {
  const { app, clock, server, held } = await signedIn();
  app.drafts.set("r1", "half a thought");
  await app.flush();
  server.signedIn = false;
  server.cutAll(4501);
  await clock.advance(1000);
  assert.deepEqual([app.session.state, app.session.code], ["signed_out", "ended"]);
  assert.deepEqual([...held.keys()], [], "what was sealed for a session that ended is readable by nobody any more");
});

test("too many connections ends the line until it is tried by hand", async () => {
  const { app, clock, server } = await signedIn();
  server.cutAll(4504);
  await clock.advance(120_000);
  assert.deepEqual([app.line.state, app.line.code], ["ended", 4504]);
  app.reconnect();
  await clock.advance(1000);
  assert.equal(app.line.state, "online");
});

test("access that is withdrawn ends one stream and keeps the line", async () => {
  const { app, clock, server } = await signedIn();
  server.streams.get("r1").left = true;
  for (const socket of server.sockets)
    server.write(socket, { t: "bye", r: "r1", code: 4503, msg: "", retry: false, after: 0 });
  await clock.advance(1000);
  assert.equal(app.stream("r1").phase, "gone");
  assert.equal(app.line.state, "online");
});

test("sign-out wipes the account from the device, also when the service cannot be told", async () => {
  const { app, clock, server, held, open } = await signedIn();
  app.drafts.set("r1", "half a thought");
  server.faults.refuseSockets = true;
  server.cutAll();
  app.publish("r1", "message", { text: "kept" });
  await clock.advance(2000);
  assert.ok(
    [...held.keys()].some((key) => key.includes("outbox/")) && [...held.keys()].some((key) => key.includes("draft/")),
  );
  server.faults.httpDown = true;
  await assert.rejects(app.signOut());
  assert.deepEqual([...held.keys()], ["leaving"]);
  const next = open();
  void next.start();
  await clock.advance(1000);
  assert.equal(next.session.state, "unreachable");
  server.faults.httpDown = false;
  await clock.advance(60_000);
  assert.equal(next.session.state, "signed_out");
  assert.equal(server.signedIn, false);
});

test("an idle client locks: key, drafts and waiting texts leave memory and come back with the key", async () => {
  const { app, clock, server } = await signedIn({ idleMs: 60_000 });
  app.drafts.set("r1", "half a thought");
  server.faults.refuseSockets = true;
  server.cutAll();
  app.publish("r1", "message", { text: "waits" });
  await clock.advance(61_000);
  assert.equal(app.session.state, "locked");
  assert.equal(await app.drafts.get("r1"), "");
  assert.deepEqual(app.outbox(), []);
  assert.equal(app.publish("r1", "message", { text: "no" }).c, null);
  server.faults.refuseSockets = false;
  await app.unlock();
  assert.equal(await app.drafts.get("r1"), "half a thought");
  await clock.advance(40_000);
  assert.deepEqual(
    server.streams.get("r1").log.map((event) => event.d.text),
    ["waits"],
  );
});

test("drafts outlive a reload", async () => {
  const { app, clock, open, held } = await signedIn();
  app.drafts.set("r1", "half");
  app.drafts.set("r1", "half a thought");
  await app.flush();
  assert.ok(![...held.values()].some((value) => JSON.stringify(value).includes("half")));
  app.close();
  const next = open();
  void next.start();
  await clock.advance(1000);
  assert.equal(await next.drafts.get("r1"), "half a thought");
  assert.deepEqual(await next.drafts.list(), { r1: "half a thought" });
});

test("an offer is told once, listed while its clock runs, and gone when another took it", async () => {
  const { app, clock, server } = await signedIn();
  const made = [];
  const gone = [];
  app.on("offer", (offer) => made.push(offer.offer));
  app.on("offer.gone", (one) => gone.push(one));
  server.append(ME.account, {
    k: "offer.made",
    d: { offer: "o1", specialty: "cardiology", expires_at: clock.now() + 60_000 },
  });
  server.append(ME.account, {
    k: "offer.made",
    d: { offer: "o2", specialty: "cardiology", expires_at: clock.now() + 5_000 },
  });
  await clock.advance(500);
  assert.deepEqual(
    app.offers().map((offer) => offer.offer),
    ["o2", "o1"],
  );
  await clock.advance(6000);
  assert.deepEqual(
    app.offers().map((offer) => offer.offer),
    ["o1"],
  );
  server.append(ME.account, { k: "offer.gone", d: { offer: "o1", why: "taken" } });
  await clock.advance(500);
  assert.deepEqual(made, ["o1", "o2"]);
  assert.deepEqual(gone, [
    { offer: "o2", why: "expired" },
    { offer: "o1", why: "taken" },
  ]);
});

test("older history is loaded page by page without a hole", async () => {
  const { app, clock, server } = await signedIn();
  server.add("r2");
  for (let n = 1; n <= 120; n += 1) server.append("r2", { k: "message", d: { text: String(n) }, u: "Blue Fox" });
  app.subscribe("r2");
  await clock.advance(1000);
  assert.equal(app.stream("r2").items.length, 50);
  for (const expected of [100, 120]) {
    assert.equal(app.stream("r2").older, true);
    const done = app.loadOlder("r2");
    await clock.advance(1000);
    await done;
    assert.equal(app.stream("r2").items.length, expected);
  }
  assert.equal(app.stream("r2").older, false);
  assert.deepEqual(
    app.stream("r2").items.map((item) => item.s),
    Array.from({ length: 120 }, (_, n) => n + 1),
  );
});

test("a stream that is asked for before sign-in is followed after it", async () => {
  const { clock, server, open } = world();
  server.append("r1", { k: "message", d: { text: "there" }, u: "Blue Fox" });
  const app = open();
  app.subscribe("r1");
  void app.start();
  await clock.advance(1000);
  assert.deepEqual(texts(app.stream("r1")), ["there"]);
  app.unsubscribe("r1");
  assert.equal(app.stream("r1"), null);
});

test("typing is told once in three seconds and shown for as long as the service says", async () => {
  const { app, clock, server } = await signedIn();
  const socket = [...server.sockets][0];
  const seen = [];
  const take = server.take.bind(server);
  server.take = (one, frame) => (frame.t === "eph" ? seen.push(frame.k) : take(one, frame));
  for (let n = 0; n < 10; n += 1) {
    app.typing("r1");
    await clock.advance(500);
  }
  assert.equal(seen.length, 2);
  server.write(socket, { t: "eph", r: "r1", k: "typing", u: "Blue Fox", d: { for_ms: 5000 } });
  await clock.advance(100);
  assert.equal(app.stream("r1").someoneTyping, true);
  await clock.advance(5100);
  assert.equal(app.stream("r1").someoneTyping, false);
});

test("a sign-in after a sign-out that the service was not told of stays", async () => {
  const { app, clock, server } = await signedIn();
  server.faults.httpDown = true;
  await assert.rejects(app.signOut());
  server.faults.httpDown = false;
  server.session += 1;
  await app.start();
  await clock.advance(1000);
  assert.deepEqual([app.session.state, server.signedIn], ["signed_in", true]);
});

test("a sign-out that the service was not told of is told by itself when it can be", async () => {
  const { app, clock, server } = await signedIn();
  server.faults.httpDown = true;
  await assert.rejects(app.signOut());
  await clock.advance(5000);
  server.faults.httpDown = false;
  await clock.advance(60_000);
  assert.deepEqual([app.session.state, server.signedIn], ["signed_out", false]);
});

test("a sign-out in one tab ends the others, and what they were writing is gone too", async () => {
  const { app, clock, held, open } = await signedIn();
  const other = open();
  void other.start();
  await clock.advance(1000);
  other.drafts.set("r1", "typed at the last moment");
  const told = [];
  other.on("signed-out-elsewhere", () => told.push(1));
  await app.signOut();
  await clock.advance(2000);
  assert.equal(other.session.state, "signed_out");
  assert.equal(told.length, 1);
  assert.deepEqual([...held.keys()], []);
});

test("what a session left that ended while the app was closed is cleared at the next start", async () => {
  const { app, clock, server, held, open } = await signedIn();
  app.drafts.set("r1", "half a thought");
  await app.flush();
  app.close();
  server.signedIn = false;
  const next = open();
  await next.start();
  await clock.advance(100);
  assert.deepEqual([next.session.state, [...held.keys()]], ["signed_out", []]);
});
