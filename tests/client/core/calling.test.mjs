import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { cutFile } from "../../../client/core/batches.js";
import { columns, labelled, shares, topOf } from "../../../client/core/chart.js";
import { checkKey, clinicToStart, endsInDays, endsSoon, longEnough, mayShow, numberToShow, obstacleOf } from "../../../client/core/call-setup.js";
import { emergencyAtOnce, emergencyIn } from "../../../client/core/emergency.js";
import { laterTimes } from "../../../client/core/later.js";

const NOW = Date.UTC(2026, 10, 22, 3, 20);
const DAY = 86_400_000;
const number = (id, changes = {}) => ({ id, state: "live", expires_at: NOW + 40 * DAY, ...changes });
const clinic = (id, ...numbers) => ({ id, paused: false, numbers });
const READY = { phone: { verified: true }, second_factor: true, paused: false, clinics: [clinic("c", number("n"))] };

test("emergency numbers are known as they are typed, as the service knows them", () => {
  const typed = JSON.parse(readFileSync(new URL("emergency.json", import.meta.url), "utf8"));
  for (const [text, number] of Object.entries(typed)) assert.equal(emergencyIn(text), number, text);
  assert.equal(emergencyIn("9110"), null, "the service knows what the last digit changes");
});

test("only 911 and 112 need not wait until the typing rests, for no area code begins so", () => {
  for (const text of ["911", "112", " 9-1-1", "９１１"]) assert.equal(emergencyAtOnce(text), true, text);
  for (const text of ["100", "15", "0112", "1911", "+1911", "988", "9112"]) assert.equal(emergencyAtOnce(text), false, text);
});

test("what stands in the way is told in the order in which it is mended", () => {
  assert.equal(obstacleOf(READY, NOW), null);
  const cases = [
    ["no_clinic", { clinics: [] }],
    ["paused", { paused: true }],
    ["paused", { clinics: [{ ...clinic("c", number("n")), paused: true }] }],
    ["no_second_factor", { second_factor: false, phone: null }],
    ["no_phone", { phone: null }],
    ["phone_waits", { phone: { verified: false, waiting: { mask: "•• 42" } } }],
    ["phone_cooling", { phone: { verified: false, cooling: { at: NOW + DAY } } }],
    ["no_number", { clinics: [clinic("c")] }],
    ["all_expired", { clinics: [clinic("c", number("n", { state: "expired" }))] }],
    ["all_expired", { clinics: [clinic("c", number("n", { expires_at: NOW }))] }],
  ];
  for (const [name, changes] of cases) assert.equal(obstacleOf({ ...READY, ...changes }, NOW), name);
  assert.equal(obstacleOf({ ...READY, phone: null }, NOW, true), null, "who speaks by this device needs no phone");
  assert.equal(obstacleOf({ ...READY, phone: null, second_factor: false }, NOW, true), "no_second_factor");
  const one = { ...clinic("d", number("m")), paused: true };
  assert.equal(obstacleOf({ ...READY, clinics: [...READY.clinics, one] }, NOW), null);
});

test("a number is offered while it is live, and warned of before it ends", () => {
  assert.equal(mayShow(number("n"), NOW), true);
  assert.equal(mayShow(number("n", { expires_at: null }), NOW), true);
  for (const state of ["proving", "approving", "expired", "revoked"]) assert.equal(mayShow(number("n", { state }), NOW), false);
  assert.equal(endsInDays(number("n", { expires_at: NOW + 2.5 * DAY }), NOW), 3);
  assert.equal(endsInDays(number("n"), NOW), null);
  assert.equal(endsInDays(number("n", { expires_at: NOW - 1 }), NOW), null);
});

test("the number of the last call is offered first, else the one that lasts longest", () => {
  const numbers = [number("a", { expires_at: NOW + DAY }), number("b", { expires_at: null }), number("c", { state: "expired" })];
  assert.equal(numberToShow(numbers, NOW).id, "b");
  assert.equal(numberToShow(numbers, NOW, "a").id, "a");
  assert.equal(numberToShow(numbers, NOW, "c").id, "b");
  assert.equal(numberToShow([numbers[2]], NOW), null);
  const clinics = [clinic("x"), clinic("y", number("b")), clinic("z", number("a"))];
  assert.equal(clinicToStart(clinics, NOW).id, "y");
  assert.equal(clinicToStart(clinics, NOW, "a").id, "z");
  assert.equal(clinicToStart([], NOW), null);
});

test("a number says in its last three days that it ends, and the one that lasts longest is there instead", () => {
  const until = (id, days, more = {}) => number(id, { expires_at: NOW + days * DAY, ...more });
  const [last, next, long] = [until("a", 2.5), until("b", 20), until("c", 60)];
  assert.equal(endsSoon(until("a", 3.01), [last, next], NOW), null);
  assert.equal(endsSoon(number("a"), [next], NOW), null);
  assert.deepEqual(endsSoon(until("a", 3), [last, next, long], NOW), { days: 3, instead: long });
  assert.equal(endsSoon(until("a", 0.01), [last], NOW).days, 1);
  const none = [last, until("d", 1), until("e", 50, { state: "waiting" }), until("f", -1)];
  assert.deepEqual(endsSoon(last, none, NOW), { days: 3, instead: null });
});

test("two checks are the same only when everything that was chosen is", () => {
  const order = { clinic: "c", caller_id: "n", patient: "p", to: "preferred" };
  const keys = [order, { ...order, to: "second" }, { ...order, caller_id: "m" }, { ...order, urgent: true }, { ...order, patient: undefined, number: "p" }];
  assert.equal(new Set(keys.map(checkKey)).size, keys.length);
  assert.equal(longEnough("+1 617"), false);
  assert.equal(longEnough("617 555 0"), true);
});

test("times to try again lie ahead, whole and in order, in the member's zone", () => {
  for (const zone of ["UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"]) {
    for (let hour = 0; hour < 24; hour += 1) {
      const now = NOW + hour * 3_600_000 + 23_456;
      const times = laterTimes(now, zone);
      assert.ok(times.every(({ at }) => at > now && at - now < 34 * 3_600_000 && at % 60_000 === 0), `${zone} ${hour}`);
      const clock = (at) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(at);
      assert.equal(clock(times.at(-1).at), "09:00", `${zone} ${hour}`);
      const evening = times.find(({ name }) => name === "evening");
      if (evening) assert.equal(clock(evening.at), "18:00", `${zone} ${hour}`);
    }
  }
});

test("the top of a chart is a round number that holds every bar", () => {
  assert.deepEqual([0, 0.4, 1, 1.2, 3, 7, 10, 11, 49, 51].map(topOf), [1, 0.5, 1, 2, 5, 10, 10, 20, 50, 100]);
  const { top, bars } = columns([0, 5, 10], { width: 300, height: 100 });
  assert.equal(top, 10);
  assert.deepEqual(bars.map((bar) => bar.height), [0, 50, 100]);
  assert.ok(bars.every((bar) => bar.x >= 0 && bar.x + bar.width <= 300 && bar.y + bar.height === 100));
  assert.deepEqual(columns([], { width: 300, height: 100 }).bars, []);
  assert.deepEqual(shares([4, 2, 0]), [1, 0.5, 0]);
  assert.deepEqual(shares([]), []);
  assert.equal([...Array(30).keys()].filter(labelled(30, 8)).length, 8);
});

test("a file is cut into batches that each have its head, and their lines are those of the file", () => {
  const rows = Array.from({ length: 7 }, (_, n) => `Name ${n},+1617555010${n}`);
  const { rows: count, batches } = cutFile(["name,number", ...rows].join("\r\n"), 3);
  assert.equal(count, 7);
  assert.deepEqual(batches.map((one) => one.rows), [3, 3, 1]);
  assert.ok(batches.every((one) => one.csv.startsWith("name,number\n")));
  assert.deepEqual([batches[0].lineOf(2), batches[1].lineOf(2), batches[2].lineOf(2)], [2, 5, 8]);
});

test("line breaks in quotes, blank lines and a mark at the beginning do not mislead the lines", () => {
  const file = '\uFEFFname,number\n\n"Anna\nMaria",1\nB,2\n\nC,3\n';
  const { rows, batches } = cutFile(file, 1);
  assert.equal(rows, 3);
  const lines = file.replace("\uFEFF", "").split("\n");
  for (const batch of batches) {
    const own = batch.csv.split("\n");
    own.forEach((text, n) => { if (text) assert.equal(lines[batch.lineOf(n + 1) - 1], text); });
  }
  assert.deepEqual(cutFile(""), { rows: 0, batches: [] });
  assert.deepEqual(cutFile("name,number\n"), { rows: 0, batches: [] });
});
