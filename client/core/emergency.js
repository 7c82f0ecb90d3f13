/**
 * Emergency numbers as they are typed, so that the answer needs no network. The service has the last word on every
 * number; what is looked for here is a part of what it looks for, in the same list. May import that list only.
 */
import { COUNTRY_CODES, EMERGENCY, EXITS, OUTSIDE } from "./emergency-numbers.js";

/** No area code begins like these: they need not wait until the typing rests. */
const AT_ONCE = new Set(["911", "112"]);

/** Gives whether nothing but an emergency number can become of what is typed. @param {string} typed */
export function emergencyAtOnce(typed) {
  return AT_ONCE.has(plain(typed).replace(/[\s().-]/g, ""));
}

/**
 * Gives the number to dial from a handset if what was typed is an emergency number, else null.
 * @param {string} typed "911", "+1 911", "9 911", "+44 999", "911,,1"
 */
export function emergencyIn(typed) {
  const text = plain(typed);
  const short = text.match(/^\D*[\d\s().-]*\d/)?.[0] ?? "";
  return found(short) ?? found(text);
}

function plain(typed) {
  return typed.normalize("NFKC").trim().toLowerCase().replace(/^tel:/, "");
}

function found(text) {
  const digits = text.replace(/\D/g, "");
  if (EMERGENCY.has(digits)) return digits;
  // Whether more digits behind these change anything is different in each country: the service knows.
  if (/^(?:911|112)/.test(digits)) return null;
  return candidates(digits, text.startsWith("+")).find((rest) => EMERGENCY.has(rest)) ?? null;
}

/** What is left when prefixes are taken off: at most one way abroad and one prefix of a line. */
function candidates(digits, abroad) {
  const beyond = abroad ? [digits] : EXITS.filter((exit) => digits.startsWith(exit)).map((exit) => digits.slice(exit.length));
  const national = beyond.flatMap((number) => [1, 2, 3].filter((n) => COUNTRY_CODES.has(number.slice(0, n))).map((n) => number.slice(n)));
  const rests = [...new Set([digits, ...beyond, ...national])].sort();
  return rests.flatMap((rest) => [rest, ...OUTSIDE.filter((prefix) => rest.startsWith(prefix)).map((prefix) => rest.slice(prefix.length))]);
}
