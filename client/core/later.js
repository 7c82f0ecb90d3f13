/** Times at which one may want to try again: soon, in an hour, this evening, tomorrow morning. May import nothing. */

const MINUTE_MS = 60_000;
const EVENING = 18;
const MORNING = 9;

/**
 * @param {number} now Unix ms @param {string} [zone] IANA name; without it the device's
 * @returns {{name: "quarter"|"hour"|"evening"|"morning", at: number}[]} whole minutes, soonest first
 */
export function laterTimes(now, zone) {
  const whole = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  const { hour, minute } = clockIn(now, zone);
  const until = (target) => whole + (((target - hour + 24) % 24) * 60 - minute) * MINUTE_MS;
  const times = [
    { name: "quarter", at: whole + 15 * MINUTE_MS },
    { name: "hour", at: whole + 60 * MINUTE_MS },
  ];
  if (hour < EVENING - 1) times.push({ name: "evening", at: align(until(EVENING)) });
  times.push({ name: "morning", at: align(hour < MORNING ? until(MORNING) : whole + ((24 - hour + MORNING) * 60 - minute) * MINUTE_MS) });
  return times;
}

/** To the quarter of an hour: minutes were counted up, and some zones are off by 30 or 45. */
function align(at) {
  return Math.round(at / (15 * MINUTE_MS)) * 15 * MINUTE_MS;
}

function clockIn(ms, timeZone) {
  const format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const [hour, minute] = format.format(ms).split(":").map(Number);
  return { hour, minute };
}
