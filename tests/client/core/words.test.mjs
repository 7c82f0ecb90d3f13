import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { addCatalogue, refusalText, translator } from "../../../client/core/strings.js";
import { clockText, exactText, relativeText } from "../../../client/core/time.js";

const CLIENT = fileURLToPath(new URL("../../../client/", import.meta.url));
/** All that a language says: what is always there, and what single screens bring with them. */
const CATALOGUES = { en: await whole("en"), sv: await whole("sv") };
for (const [tag, strings] of Object.entries(CATALOGUES)) addCatalogue(tag, strings);

async function whole(tag) {
  const files = readdirSync(`${CLIENT}core/strings`).filter((name) => name.startsWith(`${tag}.`));
  const parts = await Promise.all(files.map((name) => import(`../../../client/core/strings/${name}`)));
  return Object.assign({}, ...parts.map((part) => part.default));
}

const placesOf = (text) => [...new Set(forms(text).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));

test("both languages say the same strings, with the same places to fill", () => {
  const { en, sv } = CATALOGUES;
  assert.deepEqual(Object.keys(sv).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) {
    assert.deepEqual(placesOf(sv[key]), placesOf(en[key]), key);
    assert.equal(typeof sv[key], typeof en[key], key);
    assert.ok(
      forms(sv[key]).every((form) => form.trim() !== ""),
      key,
    );
    if (typeof en[key] === "object") assert.ok("other" in en[key] && "other" in sv[key], key);
  }
});

test("every string that a screen asks for by name exists", () => {
  const files = readdirSync(CLIENT, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".js") && !/^(vendor|core)\//.test(name));
  for (const file of files) {
    const source = readFileSync(CLIENT + file, "utf8");
    for (const [, key] of source.matchAll(/\bt\("([^"]+)"/g)) assert.ok(key in CATALOGUES.en, `${file} says ${key}`);
  }
});

test("no exclamation marks and no words of ours", () => {
  for (const [language, catalogue] of Object.entries(CATALOGUES)) {
    for (const [key, text] of Object.entries(catalogue)) {
      for (const form of forms(text)) assert.doesNotMatch(form, /!|\b(stream|socket|HIPAA)\b/i, `${language} ${key}`);
    }
  }
});

test("a number chooses the form and is written by locale", () => {
  const [en, sv] = [translator("en"), translator("sv-SE")];
  assert.equal(en("line.failed", { count: 1 }), "1 message was not sent");
  assert.equal(en("line.failed", { count: 1200 }), "1,200 messages were not sent");
  assert.match(sv("line.failed", { count: 1200 }), /^1\s200 meddelanden/);
  assert.equal(en("no.such.string"), "no.such.string");
  assert.equal(translator("xx")("line.again"), "Try now");
  assert.equal(en("line.offline", { time: "14:02" }), "Offline since 14:02");
});

test("clocks and times are as people read them", () => {
  assert.deepEqual([0, -5, 1, 161_000, 3_600_000, 43_143_000].map(clockText), [
    "00:00",
    "00:00",
    "00:01",
    "02:41",
    "01:00:00",
    "11:59:03",
  ]);
  const now = Date.UTC(2026, 2, 3, 12, 0);
  assert.equal(exactText(now - 3_600_000, now, "en", "UTC"), "11:00");
  assert.match(exactText(now - 48 * 3_600_000, now, "en", "UTC"), /^Mar 1, 12:00$/);
  assert.match(exactText(now - 400 * 86_400_000, now, "en", "UTC"), /2025/);
  assert.equal(exactText(now, now, "sv", "Europe/Stockholm"), "13:00");
  assert.equal(relativeText(now - 180_000, now, "en"), "3 min. ago");
  assert.equal(relativeText(now - 2000, now, "en"), "now");
});

test("what went wrong is said in the language of the screens", () => {
  const [en, sv] = [translator("en"), translator("sv")];
  const late = { code: "closed", msg: "This can no longer be reopened. Ask again." };
  assert.equal(refusalText(en, "en", late), late.msg);
  assert.equal(refusalText(sv, "sv", late), "Detta är avslutat.");
  const country = { code: "invalid", msg: "Choose the clinic's country.", d: { field: "country" } };
  assert.equal(refusalText(sv, "sv", country), "Välj klinikens land.");
  assert.equal(refusalText(sv, "sv", { code: "call.late", msg: "Late." }), sv("refused.call.late"));
  assert.equal(refusalText(sv, "sv", { code: "of.tomorrow", msg: "Said by a newer service." }), "Said by a newer service.");
  assert.equal(refusalText(sv, "sv", undefined), sv("state.error.text"));
  assert.equal(refusalText(en, "en", { code: "busy" }), en("error.busy"));
});
