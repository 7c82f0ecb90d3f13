import assert from "node:assert/strict";
import { test } from "node:test";

import { ruleText } from "../../../client/core/rules.js";
import { addCatalogue, translator } from "../../../client/core/strings.js";
import en from "../../../client/core/strings/en.calls.js";
import sv from "../../../client/core/strings/sv.calls.js";

addCatalogue("en", en);
addCatalogue("sv", sv);

/** All that the rules can say: tests/voice/test_views.py holds the same list against a call that was made. */
const WORDS = {
  right: ["own", "held"],
  emergency: ["none"],
  region: ["US", "SE"],
  price: ["US 5"],
  type: ["fixed", "mobile", "fixed_or_mobile", "voip"],
  hours: ["within", "any", "urgent"],
};
const COUNTERS = [
  "own_calls", "attempts_minute", "attempts_hour", "attempts_day", "destinations_hour", "concurrent_calls",
  "minutes_day", "cents_day", "trunk_calls",
];

for (const language of ["en", "sv"]) {
  const t = translator(language);
  test(`every rule is said in words: ${language}`, () => {
    for (const [rule, all] of Object.entries(WORDS))
      for (const says of all) {
        const text = ruleText({ rule, says, used: null, limit: null }, t, language);
        assert.ok(text.length > 5 && !text.includes(`${rule}:`) && !text.includes("_"), `${rule} ${says}: ${text}`);
      }
    for (const rule of COUNTERS) {
      const text = ruleText({ rule, says: "", used: 3, limit: 120 }, t, language);
      assert.ok(/3|0\.03/.test(text) && /120|1\.20/.test(text) && !text.includes("_"), `${rule}: ${text}`);
    }
  });
}

test("a region is named, and money is no hundredth", () => {
  assert.match(ruleText({ rule: "region", says: "SE", used: null, limit: null }, translator("sv"), "sv"), /Sverige/);
  assert.match(ruleText({ rule: "cents_day", says: "", used: 5, limit: 20000 }, translator("en"), "en"), /0\.05.*200\.00/);
});

test("a rule that the screens do not know yet is left out and never shown raw", () => {
  assert.equal(ruleText({ rule: "moon", says: "full", used: null, limit: null }, translator("en"), "en"), "");
  assert.equal(ruleText({ rule: "moons", says: "", used: 1, limit: 2 }, translator("en"), "en"), "");
});
