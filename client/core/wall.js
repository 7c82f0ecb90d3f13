/** A clock on a wall in a time zone: what it shows at an instant, and at which instants it shows something. May import nothing. */

const DAY_MS = 86_400_000;
const QUARTERS = [0, 91, 182, 273];
const formats = new Map();

/** Making a format is slow, using it is not. */
function format(timeZone) {
  if (!formats.has(timeZone)) {
    formats.set(timeZone, new Intl.DateTimeFormat("en-GB", {
      year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone,
    }));
  }
  return formats.get(timeZone);
}

/**
 * What the clock shows, as an input of a date and a time holds it: "2026-03-29T02:30".
 * @param {number} ms Unix ms @param {string} [zone] IANA name; without it the device's
 */
export function wallText(ms, zone) {
  const part = Object.fromEntries(format(zone).formatToParts(ms).map(({ type, value }) => [type, value]));
  return `${part.year.padStart(4, "0")}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/**
 * The instants at which the clock shows this, soonest first: none where it is put forward over it, two where it is put back.
 * @param {string} text "2026-03-29T02:30"; seconds are left out @param {string} [zone] @returns {number[]} Unix ms
 */
export function instantsOf(text, zone) {
  const minute = text.slice(0, 16);
  const asUtc = Date.parse(`${minute}Z`);
  if (Number.isNaN(asUtc)) return [];
  // A clock is put forward or back at most once in these two days.
  const offsets = new Set([asUtc - DAY_MS, asUtc + DAY_MS].map((near) => Date.parse(`${wallText(near, zone)}Z`) - near));
  return [...offsets].map((offset) => asUtc - offset).filter((at) => wallText(at, zone) === minute).sort((a, b) => a - b);
}

/** Whether the clocks of a zone and of the device ever differ in the year from now. @param {string} [zone] @param {number} now */
export function isElsewhere(zone, now) {
  return Boolean(zone) && QUARTERS.some((days) => wallText(now + days * DAY_MS, zone) !== wallText(now + days * DAY_MS));
}

/** "New York": how a zone is named to people. @param {string} zone "America/New_York" */
export function placeOf(zone) {
  return zone.split("/").pop().replaceAll("_", " ");
}
