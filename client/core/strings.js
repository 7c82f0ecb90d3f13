/**
 * The catalogue of everything that is said on a screen, and how a string of it is filled. May import only `strings/`.
 *
 * A string holds places in braces, `{time}`. Where a number changes the words it is an object of plural forms, chosen
 * by `count` with Intl.PluralRules: `{one: "{count} message", other: "{count} messages"}`. Numbers are written by
 * locale; everything else is put in as it is given. `tests/client/core/strings.test.mjs` holds the languages equal.
 *
 * English is always there, for it also says what another language lacks; others are loaded where they are wanted.
 * Each language is `strings/<tag>.js`, made of `<tag>.core.js` (line, gate, errors), `<tag>.names.js` and
 * `<tag>.screens.js`. What only
 * some screens say lies in files of its own, `<tag>.calls.js` and `<tag>.clinic.js`, and is added when they are opened.
 */
import en from "./strings/en.js";

const CATALOGUES = { en };
const of = (tag) => CATALOGUES[tag] ?? CATALOGUES[tag.split("-")[0]] ?? CATALOGUES.en;

/** Adds strings of a language that were loaded. @param {string} tag "sv" @param {Record<string, string|object>} strings */
export function addCatalogue(tag, strings) {
  CATALOGUES[tag] = { ...CATALOGUES[tag], ...strings };
}

/**
 * Makes the function that says a string in a language.
 * @param {string} language "en", "sv", or a tag such as "sv-SE"; one that is unknown is said in English
 * @param {string} [_zone] kept for callers that pass a time zone: times come in as text already
 * @returns {(key: string, values?: object) => string} a key that is in no catalogue is given back as it is
 */
export function translator(language, _zone) {
  const tag = (language || "en").toLowerCase();
  const locale = of(tag) === CATALOGUES.en ? "en" : tag;
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  return (key, values = {}) => {
    const found = of(tag)[key] ?? CATALOGUES.en[key];
    if (found === undefined) return key;
    const text = typeof found === "string" ? found : (found[plural.select(Number(values.count ?? 0))] ?? found.other);
    return text.replace(/\{(\w+)\}/g, (place, name) => {
      const value = values[name];
      if (value === undefined || value === null) return place;
      return typeof value === "number" ? number.format(value) : String(value);
    });
  };
}

/**
 * Says what went wrong. In English the service's own sentence, which knows most, is the best where the catalogue has
 * none for just this refusal; in another language what the catalogue has for the code, or for the field of a form.
 * @param {(key: string) => string} t of `translator` @param {string} language of it
 * @param {{code?: string, msg?: string, d?: {field?: string}}|null|undefined} error
 */
export function refusalText(t, language, error) {
  const said = (key) => (t(key) === key ? "" : t(key));
  const own = said(`refused.${error?.code}`);
  if (own) return own;
  const field = error?.code === "invalid" && error.d?.field ? said(`error.invalid.${error.d.field}`) : "";
  const plain = field || said(`error.${error?.code}`);
  return (language === "en" ? error?.msg || plain : plain || error?.msg) || t("state.error.text");
}
