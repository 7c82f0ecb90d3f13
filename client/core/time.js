/** Times as people read them, by Intl. Instants are Unix ms, spans ms. May import nothing. */

/**
 * Writes a span as a clock: "02:41", with hours "11:59:03". A span below zero is zero.
 * @param {number} ms rounded up to the next second, so that a countdown shows 00:00 only when it is over
 */
export function clockText(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return hours > 0 ? `${two(hours)}:${rest}` : rest;
}

const STEPS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/**
 * Says how far `at` lies from `now`: "3 min. ago", "in 2 hr.", "now" within 10 s.
 * @param {number} at
 * @param {number} now
 * @param {string} [language]
 */
export function relativeText(at, now, language = "en") {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const span = at - now;
  if (Math.abs(span) < 10_000) return format.format(0, "second");
  const [unit, size] = STEPS.find(([, ms]) => Math.abs(span) >= ms);
  return format.format(Math.trunc(span / size), unit);
}

/**
 * Writes the exact time: "02:12" today, "3 Mar, 02:12" on other days, with the year in other years.
 * @param {number} at
 * @param {number} now
 * @param {string} [language]
 * @param {string} [zone] IANA name; without it the device's
 */
export function exactText(at, now, language = "en", zone) {
  const parts = (ms) => dayParts(ms, zone);
  const [then, today] = [parts(at), parts(now)];
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  if (then.join() === today.join()) return format(at, language, clock);
  const year = then[0] === today[0] ? {} : { year: "numeric" };
  return format(at, language, { day: "numeric", month: "short", ...year, ...clock });
}

function dayParts(ms, timeZone) {
  const text = format(ms, "en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone });
  return text.split("-");
}

const formats = new Map();

/** Making a format is slow, using it is not. */
function format(ms, language, options) {
  const key = `${language}${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, options));
  return formats.get(key).format(ms);
}
