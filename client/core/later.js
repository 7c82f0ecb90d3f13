/** Times at which one may want to try again: soon, in an hour, this evening, tomorrow morning. May import `wall.js` only. */
import { instantsOf, wallText } from "./wall.js";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const EVENING = 18;
const MORNING = 9;

/**
 * @param {number} now Unix ms @param {string} [zone] IANA name; without it the device's
 * @returns {{name: "quarter"|"hour"|"evening"|"morning", at: number}[]} whole minutes, soonest first
 */
export function laterTimes(now, zone) {
  const whole = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  const [today, clock] = wallText(whole, zone).split("T");
  const hour = Number(clock.slice(0, 2));
  const tomorrow = new Date(Date.parse(today) + DAY_MS).toISOString().slice(0, 10);
  const times = [
    { name: "quarter", at: whole + 15 * MINUTE_MS },
    { name: "hour", at: whole + 60 * MINUTE_MS },
  ];
  if (hour < EVENING - 1) times.push({ name: "evening", at: instantsOf(`${today}T${EVENING}:00`, zone)[0] });
  times.push({ name: "morning", at: instantsOf(`${hour < MORNING ? today : tomorrow}T0${MORNING}:00`, zone)[0] });
  return times.filter(({ at }) => at !== undefined); // a zone may leave out a whole day
}
