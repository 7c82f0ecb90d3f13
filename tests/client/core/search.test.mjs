import assert from "node:assert/strict";
import { test } from "node:test";

import { Search } from "../../../client/core/search.js";
import { queryOf } from "../../../client/core/slips.js";
import { FakeClock, settle } from "./fakes.mjs";

const LOPEZ = { items: [{ id: "lopez" }] };
const REED = { items: [{ id: "reed" }] };

/** A search whose answers are given by hand, in any order. */
function searching(more = {}) {
  const clock = new FakeClock();
  const asked = [];
  const ask = (q) => new Promise((resolve, reject) => void asked.push({ q, resolve, reject }));
  const search = new Search({ ask, changed: () => {}, clock, restMs: 250, ...more });
  const taken = () => search.take(() => search.found.items.map((one) => one.id));
  return { clock, asked, search, taken };
}

/** One that shows what was found for some words. */
async function found(q, answer) {
  const world = searching();
  world.search.type(q);
  await world.clock.advance(250);
  world.asked[0].resolve(answer);
  await settle();
  return world;
}

test("what was found may be taken, and no longer from the first other letter on until that is answered", async () => {
  const { clock, asked, search, taken } = await found("lop", LOPEZ);
  assert.deepEqual(taken(), ["lopez"]);
  search.type("ree");
  assert.deepEqual([search.found, search.fresh, taken()], [LOPEZ, false, undefined]);
  await clock.advance(250);
  assert.deepEqual([asked.map(({ q }) => q), taken()], [["lop", "ree"], undefined]);
  asked[1].resolve(REED);
  await settle();
  assert.deepEqual([search.fresh, taken()], [true, ["reed"]]);
});

test("an answer to words that no longer stand in the box is not shown, however the answers come in", async () => {
  const { clock, asked, search, taken } = await found("l", LOPEZ);
  search.type("lo");
  await clock.advance(250);
  search.type("r"); // not asked for yet: the answer to "lo" comes while the typing goes on
  asked[1].resolve({ items: [{ id: "lobo" }] });
  await settle();
  assert.deepEqual([search.found, taken()], [LOPEZ, undefined]);
  await clock.advance(250);
  search.type("re");
  await clock.advance(250);
  asked[3].resolve(REED);
  await settle();
  asked[2].resolve({ items: [{ id: "ray" }] });
  await settle();
  assert.deepEqual([search.found, taken()], [REED, ["reed"]]);
});

test("a search that fails leaves nothing to take, and neither does the failure of one that was overtaken", async () => {
  const { clock, asked, search, taken } = await found("lop", LOPEZ);
  search.type("ree");
  await clock.advance(250);
  void search.find();
  asked[2].resolve(REED);
  asked[1].reject(new Error("late"));
  await settle();
  assert.deepEqual([search.error, taken()], [null, ["reed"]]);
  search.type("x");
  await clock.advance(250);
  asked[3].reject(new Error("gone"));
  await settle();
  assert.deepEqual([search.found, search.error.message, taken()], [null, "gone", undefined]);
});

test("a space around the words is no other question, and words that are typed back may be taken at once", async () => {
  const { clock, asked, search, taken } = await found("lop", LOPEZ);
  search.type("lop ");
  await clock.advance(1000);
  assert.deepEqual([asked.length, taken()], [1, ["lopez"]]);
  search.type("lope");
  assert.equal(taken(), undefined);
  search.type("lop");
  assert.deepEqual(taken(), ["lopez"]);
});

test("what is asked for anew, as after a change, stays and may be taken meanwhile", async () => {
  const { asked, search, taken } = await found("lop", LOPEZ);
  void search.find();
  assert.deepEqual(taken(), ["lopez"]);
  asked[1].resolve({ items: [] });
  await settle();
  assert.deepEqual(taken(), []);
});

test("words that are not worth asking for forget what was found, and what is under way for others", async () => {
  const { clock, asked, search, taken } = searching({ worth: (q) => queryOf(q) === "whole" });
  search.type("lo");
  await clock.advance(250);
  search.type("l");
  asked[0].resolve(LOPEZ);
  await clock.advance(1000);
  assert.deepEqual([asked.length, search.found, search.error, taken()], [1, null, null, undefined]);
  search.type("lo");
  assert.equal(taken(), undefined);
});
