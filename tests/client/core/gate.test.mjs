import assert from "node:assert/strict";
import { test } from "node:test";

import { checkLocally, followEdit, marksOf } from "../../../client/core/gate.js";

const found = (text) =>
  checkLocally(text).map((mark) => [mark.category, text.slice(mark.start, mark.end), mark.rewrite]);

test("sure identifiers are marked, with a rewrite where there is one", () => {
  assert.deepEqual(found("mail jo.lee@ward.example.org now"), [["email", "jo.lee@ward.example.org", null]]);
  assert.deepEqual(found("call 617-555-0100 or (617) 555 0100"), [
    ["phone", "617-555-0100", null],
    ["phone", "(617) 555 0100", null],
  ]);
  assert.deepEqual(found("+46 70 123 45 67"), [["phone", "+46 70 123 45 67", null]]);
  assert.deepEqual(found("see https://x.example/p?id=1."), [["url", "https://x.example/p?id=1", null]]);
  assert.deepEqual(found("SSN 123-45-6789"), [["national_id", "123-45-6789", null]]);
  assert.deepEqual(found("92-year-old with AF, 95 years old, 89 yo"), [
    ["age", "92", "90+"],
    ["age", "95", "90+"],
  ]);
  assert.deepEqual(found("at 2024-03-12T10:20 it rose"), [["date", "2024-03-12", "2024"]]);
  for (const date of ["2024-03-05", "3/5/2024", "05.03.2024", "March 5, 2024", "5th of March 2024"]) {
    assert.deepEqual(found(`seen ${date} here`), [["date", date, "2024"]], date);
  }
});

test("numbers of medicine are left alone", () => {
  for (const text of [
    "BP 104/60, HR 140, K 6.1",
    "5 mg x 3 for 10-14 days",
    "eGFR 45 ml/min/1.73",
    "ECG 12-lead, QTc 480",
    "in 2024",
    "1/2 tablet",
    "INR 2.5-3.5",
    "CHA2DS2-VASc 4",
    "ratio 1:1000",
    "2mg@8.30, then nothing",
    "titrate gabapentin 300-600-1200 mg",
    "ferritin 300 450 1200, CRP 120 88 40",
  ]) {
    assert.deepEqual(found(text), [], text);
  }
});

test("offsets count UTF-16 units and marks never overlap", () => {
  const text = "😀 a@b.example www.c.example";
  const marks = checkLocally(text);
  assert.deepEqual(
    marks.map((mark) => [mark.start, mark.end]),
    [
      [3, 14],
      [15, 28],
    ],
  );
});

test("the service's marks are read from a refusal by the gate alone", () => {
  const d = {
    spans: [
      { start: 9, end: 12, category: "date", reason: "x", rewrite: "2024" },
      { start: 0, end: 4, category: "phone", reason: "y" },
      { start: 5, end: 5 },
    ],
  };
  assert.deepEqual(
    marksOf({ code: "gate", d }).map((mark) => [mark.start, mark.rewrite]),
    [
      [0, null],
      [9, "2024"],
    ],
  );
  assert.deepEqual(marksOf({ code: "closed", d }), []);
  assert.deepEqual(marksOf({ code: "gate", d: null }), []);
});

test("marks move with the text and go when their words change", () => {
  const marks = [
    { start: 5, end: 9 },
    { start: 20, end: 24 },
  ];
  const before = "aaaa 1111 bbbb cccc 2222";
  assert.deepEqual(followEdit(marks, before, "aaaa 1111 bbXXbb cccc 2222"), [
    { start: 5, end: 9 },
    { start: 22, end: 26 },
  ]);
  assert.deepEqual(followEdit(marks, before, "aaaa 11x11 bbbb cccc 2222"), [{ start: 21, end: 25 }]);
});
