import assert from "node:assert/strict";
import { test } from "node:test";

import { Sealer, Unsealable, openSealer } from "../../../client/core/sealed.js";
import { memoryStore, prefixed } from "../../../client/core/store.js";

const KEY = Buffer.alloc(32, 7).toString("base64");
const OTHER = Buffer.alloc(32, 8).toString("base64");
const { crypto } = globalThis;

test("what is sealed comes back, and is not to be read in storage", async () => {
  const sealer = await Sealer.open(crypto, KEY, "inbox-1");
  const sealed = await sealer.seal("outbox/", { text: "BP 104/60" });
  assert.ok(!Buffer.from(sealed).includes("104"));
  assert.deepEqual(await sealer.unseal("outbox/", sealed), { text: "BP 104/60" });
  assert.notDeepEqual(sealed, await sealer.seal("outbox/", { text: "BP 104/60" }));
});

test("another key, another account, another place and a changed byte open nothing", async () => {
  const sealer = await Sealer.open(crypto, KEY, "inbox-1");
  const sealed = await sealer.seal("draft/1", "text");
  const changed = sealed.slice();
  changed[20] ^= 1;
  await assert.rejects((await Sealer.open(crypto, OTHER, "inbox-1")).unseal("draft/1", sealed), Unsealable);
  await assert.rejects((await Sealer.open(crypto, KEY, "inbox-2")).unseal("draft/1", sealed), Unsealable);
  await assert.rejects(sealer.unseal("draft/2", sealed), Unsealable);
  await assert.rejects(sealer.unseal("draft/1", changed), Unsealable);
});

test("without WebCrypto values pass as they are, for memory only", async () => {
  const sealer = await openSealer({}, KEY, "inbox-1");
  assert.ok(!(sealer instanceof Sealer));
  assert.deepEqual(await sealer.unseal("x", await sealer.seal("x", { a: 1 })), { a: 1 });
});

test("a store under a prefix lists in order and clears only what is its own", async () => {
  const store = memoryStore();
  const [mine, theirs] = [prefixed(store, "a/1/"), prefixed(store, "a/2/")];
  await mine.put("outbox/2", "b");
  await mine.put("outbox/1", "a");
  await theirs.put("outbox/1", "c");
  assert.deepEqual(await mine.list("outbox/"), [
    ["outbox/1", "a"],
    ["outbox/2", "b"],
  ]);
  await mine.clear("");
  assert.deepEqual(await mine.list(""), []);
  assert.equal(await theirs.get("outbox/1"), "c");
});
