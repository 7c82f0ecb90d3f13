import assert from "node:assert/strict";
import { test } from "node:test";

import { mayTakeCallBack } from "../../../client/core/call.js";
import { COUNTRIES, countriesIn } from "../../../client/core/countries.js";
import { beginningOf, cellsOf, readFile } from "../../../client/core/csv-text.js";
import { queryOf, slipPages } from "../../../client/core/slips.js";

test("a file in Windows-1252 is read with its letters, and one in UTF-8 is read as that", () => {
  assert.deepEqual(readFile(Uint8Array.of(0xc5, 0x73, 0x61, 0x20, 0xd6)), { text: "\u00c5sa \u00d6", older: true });
  assert.deepEqual(readFile(new TextEncoder().encode("\u00c5sa \u00d6")), { text: "\u00c5sa \u00d6", older: false });
});

test("the beginning of a file is its head and its first row as cells", () => {
  assert.deepEqual(beginningOf('\uFEFFname;number\r\n"Reed; Tom";1\r\nx;2'), [["name", "number"], ["Reed; Tom", "1"]]);
  assert.deepEqual(cellsOf('a,"b ""c""",,d'), ["a", 'b "c"', "", "d"]);
});

test("one letter is too short to search by, and an emptied box searches for nothing", () => {
  assert.deepEqual(["", "  ", "m", "m.", "ma", "61"].map(queryOf), ["none", "none", "short", "short", "whole", "whole"]);
});

test("every page of slips can be reached, and each is asked for where the one before ends", async () => {
  const asked = [];
  const all = { "": { items: [1, 2], next: "2026-01-01T00:00:00+00:00" }, [encodeURIComponent("2026-01-01T00:00:00+00:00")]: { items: [3], next: null } };
  const get = async (path) => {
    asked.push(path);
    return all[path.split("&before=")[1] ?? ""];
  };
  assert.deepEqual(await slipPages(get, "c", "open", 1), { items: [1, 2], next: "2026-01-01T00:00:00+00:00" });
  assert.deepEqual(await slipPages(get, "c", "open", 3), { items: [1, 2, 3], next: null });
  assert.equal(asked.length, 3);
  assert.ok(asked.every((path) => !path.includes("+")));
});

test("a call back is taken oneself only of a patient who rang, by a held number, that was not somebody else's", () => {
  const item = { mode: "held", state: "ended", outcome: null };
  assert.equal(mayTakeCallBack(item, { rang: true }, null), true);
  assert.equal(mayTakeCallBack(item, { rang: false }, null), false);
  assert.equal(mayTakeCallBack({ ...item, mode: "own" }, { rang: true }, null), false);
  assert.equal(mayTakeCallBack(item, { rang: true }, { how: "wrong_number" }), false);
  assert.equal(mayTakeCallBack({ ...item, outcome: { how: "wrong_number" } }, { rang: true }, null), false);
  assert.equal(mayTakeCallBack(null, { rang: true }, null), false);
});

test("countries stand once each and have names in both languages", () => {
  assert.equal(new Set(COUNTRIES).size, COUNTRIES.length);
  for (const language of ["en", "sv"]) {
    const names = Object.fromEntries(countriesIn(language).map(({ code, name }) => [code, name]));
    assert.notEqual(names.SE, "SE");
  }
});
