/** The clock of a clinic, over both changes of it, whatever the zone of the device. */
import assert from "node:assert/strict";
import test from "node:test";

import { laterTimes } from "../../../client/core/later.js";
import { instantsOf, isElsewhere, placeOf, wallText } from "../../../client/core/wall.js";

const STOCKHOLM = "Europe/Stockholm";
const HOUR = 3_600_000;
const at = (text) => Date.parse(text);

test("what is entered is by the clinic's clock, in summer and in winter", () => {
  assert.deepEqual(instantsOf("2026-01-15T09:30", STOCKHOLM), [at("2026-01-15T08:30Z")]);
  assert.deepEqual(instantsOf("2026-07-15T09:30", STOCKHOLM), [at("2026-07-15T07:30Z")]);
  assert.deepEqual(instantsOf("2026-07-15T09:30", "America/New_York"), [at("2026-07-15T13:30Z")]);
  assert.deepEqual(instantsOf("2026-07-15T09:30", "Asia/Kathmandu"), [at("2026-07-15T03:45Z")]);
  assert.deepEqual(instantsOf("2026-07-15T09:30:45", STOCKHOLM), [at("2026-07-15T07:30Z")]);
});

test("a time over which the clock is put forward is no instant, and those beside it are an hour apart less", () => {
  for (const minute of ["02:00", "02:30", "02:59"]) assert.deepEqual(instantsOf(`2026-03-29T${minute}`, STOCKHOLM), []);
  const [before] = instantsOf("2026-03-29T01:59", STOCKHOLM);
  const [after] = instantsOf("2026-03-29T03:00", STOCKHOLM);
  assert.equal(after - before, 60_000);
});

test("a time that comes twice is two instants, an hour apart", () => {
  assert.deepEqual(instantsOf("2026-10-25T02:30", STOCKHOLM), [at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z")]);
  assert.deepEqual(instantsOf("2026-11-01T01:15", "America/New_York"), [at("2026-11-01T05:15Z"), at("2026-11-01T06:15Z")]);
});

test("every whole hour of two years comes back as the instant that it is", () => {
  for (const zone of [STOCKHOLM, "America/New_York", "Australia/Lord_Howe", "Pacific/Auckland", "UTC"]) {
    for (let ms = at("2026-01-01T00:00Z"); ms < at("2028-01-01T00:00Z"); ms += 7 * HOUR) {
      assert.ok(instantsOf(wallText(ms, zone), zone).includes(ms), `${zone} ${new Date(ms).toISOString()}`);
    }
  }
});

test("what is no date is no instant", () => {
  for (const text of ["", "2026-13-01T00:00", "tomorrow", "2026-02-30T10:00"]) assert.deepEqual(instantsOf(text, STOCKHOLM), [], text);
});

test("this evening and in the morning are by the clinic's clock over a change of it", () => {
  const eve = at("2026-03-28T15:20Z"); // 16:20 in Stockholm, nine hours before the change
  const times = Object.fromEntries(laterTimes(eve, STOCKHOLM).map(({ name, at: when }) => [name, wallText(when, STOCKHOLM)]));
  assert.equal(times.evening, "2026-03-28T18:00");
  assert.equal(times.morning, "2026-03-29T09:00");
  const night = at("2026-10-25T00:20Z"); // 02:20 for the first time
  const morning = laterTimes(night, STOCKHOLM).at(-1);
  assert.equal(morning.at, at("2026-10-25T08:00Z"));
});

test("a zone is elsewhere where its clock ever differs from the device's", () => {
  const now = at("2026-01-15T12:00Z");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.equal(isElsewhere(own, now), false);
  assert.equal(isElsewhere(undefined, now), false);
  assert.equal(isElsewhere("Asia/Kathmandu", now), true);
  const far = own === "Europe/London" ? "Atlantic/Reykjavik" : "Europe/London";
  assert.equal(isElsewhere(far, now), true, "also where the two agree in winter alone");
});

test("a zone is named by its place", () => {
  assert.deepEqual(["America/New_York", "America/Argentina/Buenos_Aires", "UTC"].map(placeOf), ["New York", "Buenos Aires", "UTC"]);
});
