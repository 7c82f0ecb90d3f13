/** A patient in one line: name, birth year and the last two digits, so that two of one name cannot be mistaken. */
import { html, nothing } from "./html.js";
import { t } from "./words.js";

/** The last two digits of a mask, whatever stands for those that are hidden. @param {string} mask */
export function lastDigits(mask) {
  return (mask || "").match(/\d{1,2}\s*$/)?.[0].trim() ?? "";
}

/** "Maria Lopez", or "Number ending 67" where nobody's name belongs to it. @param {{patient: object|null, mask: string}} item */
export function patientWords({ patient, mask }) {
  if (patient?.name) return patient.name;
  return lastDigits(mask) ? t("patient.ending.title", { digits: lastDigits(mask) }) : t("patient.unknown");
}

/** "born 1958, number ending 67". @param {{born?: number|null}|null} patient @param {string} mask */
export function patientMarks(patient, mask) {
  const marks = [];
  if (patient?.born) marks.push(t("patient.born", { year: yearOf(patient.born) }));
  if (lastDigits(mask)) marks.push(t("patient.ending", { digits: lastDigits(mask) }));
  return inARow(marks);
}

/** Facts in a row with a dot between them; read aloud, and where they wrap, there is none. @param {string[]} facts */
export function inARow(facts) {
  return html`<span class="marks">${facts.map((fact, n) => html`${n ? html`<span class="unseen">, </span>` : nothing}<span class="nowrap">${fact}</span>`)}</span>`;
}

/** The year of "1958" or "1958-03-02". It is text, so that no locale writes it as 1,958. */
export function yearOf(born) {
  return String(born).slice(0, 4);
}
