/**
 * The gate's marks in a composer: what the service refused, and a light check while one types. May import nothing.
 *
 * The service decides. What is found here is only shown early; what is not found here may still be refused. Offsets
 * are UTF-16 code units, as a text field counts them, `end` exclusive.
 *
 * @typedef {{start: number, end: number, category: string, reason: string, rewrite: string|null}} Mark
 */

const YEAR = "(?:19|20)\\d{2}";
const MONTH =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";

/** In the order in which they win where they overlap. `rewrite` gets the match and gives the text instead, or null. */
const RULES = [
  { category: "email", pattern: /[\w.+-]+@(?:[\w-]+\.)+\p{L}{2,}/giu },
  { category: "url", pattern: /\b(?:https?:\/\/|www\.)[^\s<>"']*[^\s<>"'.,;:!?)]/giu },
  { category: "national_id", pattern: /\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b/gu },
  { category: "national_id", pattern: /\b(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-+]\d{4}\b/gu },
  {
    category: "date",
    pattern: new RegExp(`\\b${YEAR}([-/])(?:0?[1-9]|1[0-2])\\1(?:0?[1-9]|[12]\\d|3[01])(?!\\d)`, "giu"),
    rewrite: yearOf,
  },
  {
    category: "date",
    pattern: new RegExp(`\\b(?:0?[1-9]|[12]\\d|3[01])[./-](?:0?[1-9]|[12]\\d|3[01])[./-]${YEAR}\\b`, "giu"),
    rewrite: yearOf,
  },
  {
    category: "date",
    pattern: new RegExp(`\\b${MONTH}\\s+(?:0?[1-9]|[12]\\d|3[01])(?:st|nd|rd|th)?,?\\s+${YEAR}\\b`, "giu"),
    rewrite: yearOf,
  },
  {
    category: "date",
    pattern: new RegExp(`\\b(?:0?[1-9]|[12]\\d|3[01])(?:st|nd|rd|th)?\\s+(?:of\\s+)?${MONTH},?\\s+${YEAR}\\b`, "giu"),
    rewrite: yearOf,
  },
  {
    category: "age",
    pattern: /\b(?:9\d|1[01]\d)(?=[\s-]*(?:years?[\s-]old|year-old|yrs?\b|y\/?o\b))/giu,
    rewrite: () => "90+",
  },
  {
    category: "phone",
    pattern: /(?<![\w.])\+\d[\d\s().-]{7,17}\d(?!\w)/gu,
    check: (text) => between(digits(text), 8, 15),
  },
  {
    category: "phone",
    pattern: /(?<![\w.])\(?[2-9]\d{2}\)?[\s.-]\d{3}[\s.-]\d{4}(?!\w)/gu,
    check: (text) => !isSeries(text),
  },
];

/**
 * Finds what is surely to be refused: email, phone, URL, full date, social security number.
 * @param {string} text
 * @returns {Mark[]} in the order of the text, none over another; `reason` is empty: the screen has words by category
 */
export function checkLocally(text) {
  const marks = [];
  for (const { category, pattern, rewrite, check } of RULES) {
    for (const match of text.matchAll(pattern)) {
      const mark = {
        start: match.index,
        end: match.index + match[0].length,
        category,
        reason: "",
        rewrite: rewrite?.(match[0]) ?? null,
      };
      if ((check?.(match[0]) ?? true) && !marks.some((other) => overlap(other, mark))) marks.push(mark);
    }
  }
  return marks.sort((a, b) => a.start - b.start);
}

/**
 * Reads the marks of a refusal by the gate; [] for any other failure.
 * @param {{code: string, d?: {spans?: object[]}|null}|null} failure
 * @returns {Mark[]}
 */
export function marksOf(failure) {
  if (failure?.code !== "gate" || !Array.isArray(failure.d?.spans)) return [];
  return failure.d.spans
    .filter((span) => Number.isInteger(span.start) && Number.isInteger(span.end) && span.start < span.end)
    .map(({ start, end, category = "", reason = "", rewrite = null }) => ({ start, end, category, reason, rewrite }))
    .sort((a, b) => a.start - b.start);
}

/**
 * Moves marks along with an edit of the text, and drops those whose words were changed.
 * @param {Mark[]} marks
 * @param {string} before
 * @param {string} after
 */
export function followEdit(marks, before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < before.length - start && tail < after.length - start && before.at(-1 - tail) === after.at(-1 - tail))
    tail += 1;
  const end = before.length - tail;
  const shift = after.length - before.length;
  return marks.flatMap((mark) => {
    if (mark.end <= start) return [mark];
    if (mark.start >= end) return [{ ...mark, start: mark.start + shift, end: mark.end + shift }];
    return [];
  });
}

function yearOf(text) {
  return text.match(new RegExp(YEAR))?.[0] ?? null;
}

/** Doses and counts in a row, "300-600-1200", are round; numbers of telephones are not. */
function isSeries(text) {
  return text.match(/\d+/g).every((group) => Number(group) % 10 === 0);
}

function digits(text) {
  return text.replace(/\D/g, "").length;
}

function between(number, low, high) {
  return number >= low && number <= high;
}

function overlap(a, b) {
  return a.start < b.end && b.start < a.end;
}
