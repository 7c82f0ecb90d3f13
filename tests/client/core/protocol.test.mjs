import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffMs } from "../../../client/core/backoff.js";
import { CODES, decode, encode, frames, isFinal, makeUuid, readRefusal } from "../../../client/core/protocol.js";
import { seeded } from "./fakes.mjs";

test("one message carries several frames, and what is no frame is left out", () => {
  const text = encode({ t: "hb", n: 1 }, { t: "ev", r: "a", d: { text: "a\nb" } });
  assert.deepEqual(decode(text), [
    { t: "hb", n: 1 },
    { t: "ev", r: "a", d: { text: "a\nb" } },
  ]);
  assert.deepEqual(decode('{"t":"a"}\n\n{bad\n[1]\nnull\n{"x":1}\n{"t":"b"}'), [{ t: "a" }, { t: "b" }]);
});

test("codes below 4500 are passing, the others final, also those of later versions", () => {
  for (const code of [1000, 1006, 1011, 4000, 4001, 4008, 4010, 4013, 4014, 4099])
    assert.equal(isFinal(code), false, String(code));
  for (const code of [4500, 4501, 4503, 4504, 4505, 4599]) assert.equal(isFinal(code), true, String(code));
  assert.deepEqual(
    Object.entries(CODES)
      .filter(([, code]) => code.stream)
      .map(([number]) => number),
    ["4503", "4506"],
  );
});

test("an id is a UUID of version 4", () => {
  assert.match(makeUuid(globalThis.crypto), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(makeUuid(globalThis.crypto), makeUuid(globalThis.crypto));
});

test("a hello without a ticket or subscriptions says neither", () => {
  assert.deepEqual(frames.hello({ i: 1, tok: null, dev: "d", subs: [] }), { t: "hello", i: 1, v: 1, dev: "d" });
});

test("a refusal's wait comes in seconds and goes on in milliseconds", () => {
  assert.equal(readRefusal({ code: "rate", msg: "", retry: true, after: 1.5 }).after, 1500);
  assert.deepEqual(readRefusal(undefined), { code: "refused", msg: "", retry: false, after: null, d: null });
});

test("the wait between attempts grows, is spread over all of its span, and never undercuts what was asked", () => {
  const random = seeded(4);
  const waits = Array.from({ length: 2000 }, () => backoffMs(3, random));
  assert.ok(Math.min(...waits) < 200 && Math.max(...waits) > 3800 && Math.max(...waits) <= 4000);
  assert.ok(Array.from({ length: 500 }, () => backoffMs(40, random)).every((ms) => ms <= 30_000));
  assert.ok(Array.from({ length: 500 }, () => backoffMs(0, random, 5000)).every((ms) => ms >= 5000 && ms <= 6000));
});
