import assert from "node:assert/strict";
import { test } from "node:test";

import { settle } from "./fakes.mjs";
import { signedIn, texts } from "./world.mjs";

test("what was committed while its answer was lost is not stored twice", async () => {
  const { app, clock, server } = await signedIn();
  server.faults.loseReply = 1;
  const { promise } = app.publish("r1", "message", { text: "once" });
  await clock.advance(5000);
  assert.equal((await promise).s, 1);
  assert.equal(server.streams.get("r1").log.length, 1);
  assert.deepEqual(texts(app.stream("r1")), ["once"]);
});

test("messages written without a network are sent in order after a reload, with the same ids", async () => {
  const { app, clock, server, network, open } = await signedIn();
  server.faults.refuseSockets = true;
  server.cutAll();
  await clock.advance(20_000);
  assert.equal(app.line.state, "offline");
  const ids = ["one", "two", "three"].map((text) => app.publish("r1", "message", { text }).c);
  await clock.advance(1000);
  assert.equal(app.line.waiting, 3);
  app.close();
  server.faults.refuseSockets = false;
  const next = open();
  next.subscribe("r1");
  void next.start();
  await clock.advance(5000);
  const log = server.streams.get("r1").log;
  assert.deepEqual(
    log.map((event) => event.c),
    ids,
  );
  assert.deepEqual(texts(next.stream("r1")), ["one", "two", "three"]);
  assert.equal(next.line.waiting, 0);
  assert.equal(network.listeners.size, 1);
});

test("a busy service is tried again and order is kept", async () => {
  const { app, clock, server } = await signedIn();
  server.faults.busy = 3;
  for (const text of ["a", "b", "c"]) app.publish("r1", "message", { text });
  await clock.advance(30_000);
  assert.deepEqual(
    server.streams.get("r1").log.map((event) => event.d.text),
    ["a", "b", "c"],
  );
});

test("what the gate refuses fails with its spans, lets the next one pass, and goes out after an edit", async () => {
  const { app, clock, server } = await signedIn();
  const failed = [];
  app.on("failed", (one) => failed.push(one));
  const { c, promise } = app.publish("r1", "message", { text: "call 617 555 0100" });
  app.publish("r1", "message", { text: "next" });
  await assert.rejects(Promise.race([promise, clock.advance(2000).then(() => promise)]), { code: "gate" });
  await clock.advance(2000);
  const item = app.stream("r1").items.find((one) => one.id === c);
  assert.deepEqual([item.state, item.failure.code, item.canEdit, item.canDrop], ["failed", "gate", true, true]);
  assert.equal(failed[0].failure.d.spans[0].start, 5);
  assert.equal(app.line.failed, 1);
  const again = app.edit(c, { text: "call the ward" });
  assert.notEqual(again.c, c);
  await clock.advance(2000);
  assert.deepEqual(
    server.streams.get("r1").log.map((event) => event.d.text),
    ["next", "call the ward"],
  );
  assert.deepEqual(app.outbox(), []);
});

test("a failed message outlives a reload and can be dropped", async () => {
  const { app, clock, open } = await signedIn();
  const { c } = app.publish("r1", "message", { text: "call 617 555 0100" });
  await clock.advance(2000);
  app.close();
  const next = open();
  void next.start();
  await clock.advance(2000);
  assert.equal(next.outbox()[0].state, "failed");
  assert.equal(await next.drop(c), true);
  assert.deepEqual(next.outbox(), []);
});

test("a message that may have reached the service can be neither edited nor dropped", async () => {
  const { app, clock, server } = await signedIn();
  for (const socket of server.sockets) socket.silent = true;
  const { c } = app.publish("r1", "message", { text: "under way" });
  await clock.advance(100);
  assert.equal(app.edit(c, { text: "other" }).c, null);
  assert.equal(await app.drop(c), false);
  await clock.advance(90_000);
  assert.deepEqual(
    server.streams.get("r1").log.map((event) => event.d.text),
    ["under way"],
  );
});

test("a message that waits for the network can be edited and dropped", async () => {
  const { app, clock, server } = await signedIn();
  server.faults.refuseSockets = true;
  server.cutAll();
  await clock.advance(1000);
  const { c } = app.publish("r1", "message", { text: "a" });
  const { c: second } = app.publish("r1", "message", { text: "b" });
  assert.equal(app.edit(c, { text: "a2" }).c, c);
  assert.equal(await app.drop(second), true);
  server.faults.refuseSockets = false;
  await clock.advance(60_000);
  assert.deepEqual(
    server.streams.get("r1").log.map((event) => event.d.text),
    ["a2"],
  );
});

test("an own edit under way shows on its target", async () => {
  const { app, clock, server } = await signedIn();
  app.publish("r1", "message", { text: "5 mg" });
  await clock.advance(1000);
  server.faults.busy = 1;
  app.publish("r1", "edit", { target: 1, text: "0.5 mg" });
  await settle();
  assert.equal(app.stream("r1").items.length, 1);
  assert.equal(app.stream("r1").items[0].pendingChange.d.text, "0.5 mg");
  await clock.advance(10_000);
  assert.equal(app.stream("r1").items[0].d.text, "0.5 mg");
  assert.equal(app.stream("r1").items[0].pendingChange, null);
});

test("two tabs of one account send in one order and once", async () => {
  const { app, clock, server, open } = await signedIn();
  const other = open();
  void other.start();
  await clock.advance(1000);
  other.subscribe("r1");
  server.faults.refuseSockets = true;
  server.cutAll();
  await clock.advance(100);
  for (const [tab, text] of [
    [app, "1"],
    [other, "2"],
    [app, "3"],
    [other, "4"],
  ]) {
    tab.publish("r1", "message", { text });
    await clock.advance(10);
  }
  server.faults.refuseSockets = false;
  await clock.advance(90_000);
  assert.deepEqual(
    server.streams.get("r1").log.map((event) => event.d.text),
    ["1", "2", "3", "4"],
  );
  assert.deepEqual(app.outbox(), []);
  assert.deepEqual(other.outbox(), []);
  assert.deepEqual(texts(other.stream("r1")), ["1", "2", "3", "4"]);
});
