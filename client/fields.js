/** Specialties, regions and languages by code, asked once; names in the language of the screens where it has them. */
import { screen, update } from "./screen.js";
import { screenLanguage, t } from "./parts/words.js";

const kept = { specialties: null, languages: null };

function ask(name) {
  kept[name] = [];
  screen.api.get(`/${name}`).then(
    (answer) => {
      kept[name] = answer.items || answer;
      update();
    },
    () => {
      kept[name] = null;
    },
  );
}

/** By name, as they are chosen from. @returns {{code: string, name: string}[]} empty while they are not known */
export function specialties() {
  if (kept.specialties === null) ask("specialties");
  const named = (kept.specialties || []).map((one) => ({ ...one, name: said(`specialty.${one.code}`) ?? one.name }));
  return named.sort((a, b) => a.name.localeCompare(b.name, screenLanguage()));
}

/** @returns {{code: string, name: string}[]} */
export function languages() {
  if (kept.languages === null) ask("languages");
  return kept.languages || [];
}

/** "Cardiology" for "cardiology". @param {string} code */
export function specialtyName(code) {
  return said(`specialty.${code}`) ?? sentence(code);
}

/** "Europa" for "Europe". @param {string} region */
export function regionName(region) {
  return said(`region.${region.toLowerCase().replace(/ /g, "_")}`) ?? region;
}

function said(key) {
  const text = t(key);
  return text === key ? undefined : text;
}

/** "Swedish" for "sv", in the language of the screens. @param {string} code */
export function languageName(code) {
  try {
    const name = new Intl.DisplayNames([screenLanguage()], { type: "language" }).of(code);
    return name.charAt(0).toUpperCase() + name.slice(1);
  } catch {
    return languages().find((one) => one.code === code)?.name || code;
  }
}

/** "cardiology" in the middle of a sentence. */
export function specialtyInSentence(code) {
  const name = specialtyName(code);
  return /^[A-ZÅÄÖ][a-zåäö ]/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}

function sentence(code) {
  const words = (code || "").replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
