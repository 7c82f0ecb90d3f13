/** The words of the screens in the member's language: one translator that every view imports. */
import { addCatalogue, refusalText, translator } from "../core/strings.js";
import { exactText, relativeText } from "../core/time.js";
import { placeOf, wallText } from "../core/wall.js";

export const LANGUAGES = { en: "English", sv: "Svenska" };
const KEY = "curbside.language";
const LOAD = {
  en: { calls: () => import("../core/strings/en.calls.js"), clinic: () => import("../core/strings/en.clinic.js"), platform: () => import("../core/strings/en.platform.js") },
  sv: {
    base: () => import("../core/strings/sv.js"),
    calls: () => import("../core/strings/sv.calls.js"),
    clinic: () => import("../core/strings/sv.clinic.js"),
    platform: () => import("../core/strings/sv.platform.js"),
  },
};
const parts = new Set(["base"]);

let language = "en";
let zone;
let translate = translator("en");

/** Say a string of the catalogue. @param {string} key @param {object} [values] @returns {string} */
export function t(key, values) {
  return translate(key, values);
}

/** What went wrong, in the language of the screens where the service's code for it is known. @param {object|null} error */
export function errorText(error) {
  return refusalText(t, language, error);
}

/** The language that the screens are in now. */
export function screenLanguage() {
  return language;
}

/** Take the language kept on this device, else the browser's, else English. */
export function startLanguage() {
  const kept = localStorage.getItem(KEY);
  const wanted = [kept, ...(navigator.languages || [])].map((tag) => (tag || "").slice(0, 2));
  return useLanguage(wanted.find((tag) => tag in LANGUAGES) || "en");
}

/** Load what screens of their own say, in English and in the language of the screens. @param {...string} names */
export async function loadWords(...names) {
  for (const name of names) parts.add(name);
  await Promise.all([...new Set(["en", language])].map((tag) => loadParts(tag, names)));
}

async function loadParts(tag, names) {
  const loaded = await Promise.all(names.map((name) => LOAD[tag][name]?.()));
  for (const one of loaded) if (one) addCatalogue(tag, one.default);
}

/** Change the language of the screens; stays in the present one where the other cannot be loaded. */
async function useLanguage(tag) {
  try {
    await loadParts(tag, [...parts]);
  } catch {
    return;
  }
  language = tag;
  translate = translator(tag, zone);
  document.documentElement.lang = tag;
}

/** Change the language of the screens and keep the choice on this device. @param {string} tag "en" or "sv" */
export function keepLanguage(tag) {
  localStorage.setItem(KEY, tag);
  return useLanguage(tag);
}

/** The member's time zone, for every time on the screens. @param {string} [name] IANA; without it the device's */
export function useZone(name) {
  zone = name || undefined;
  translate = translator(language, zone);
}

/** "02:12", with the day when it is not today. @param {number} ms Unix ms */
export function exact(ms) {
  return exactText(ms, Date.now(), language, zone);
}

/**
 * The same by the clock of another place, which is named where its clock is not that of these screens or of the device.
 * @param {number} ms Unix ms @param {string} [place] IANA name @param {boolean} [named]
 */
export function exactIn(ms, place, named = true) {
  if (!place) return exact(ms);
  const time = exactText(ms, Date.now(), language, place);
  const shown = wallText(ms, place);
  const same = shown === wallText(ms, zone) && shown === wallText(ms);
  return same || !named ? time : t("time.in_place", { time, place: placeOf(place) });
}

/** "3 min ago"; "now" within the minute, for seconds that pass would only be noise. @param {number} ms Unix ms */
export function relative(ms) {
  const now = Date.now();
  return relativeText(Math.abs(now - ms) < 60_000 ? now : ms, now, language);
}

/** "02:12" alone. @param {number} ms Unix ms */
export function hour(ms) {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: zone, hourCycle: "h23" }).format(ms);
}

/** "3 Mar 2026", for days that are far. @param {number} ms Unix ms */
export function date(ms) {
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric", timeZone: zone }).format(ms);
}

/** "Monday 3 March", for the lines between days. @param {number} ms Unix ms */
export function day(ms) {
  return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone: zone }).format(ms);
}
