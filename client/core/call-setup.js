/** What must be settled before a call can be asked for. Rules for a screen, no effects; the service checks them all. */

const DAY_MS = 86_400_000;
const LAST_DAYS = 3;

/** A number may be shown while it is live: proved, approved and not run out. */
export function mayShow(number, now) {
  return number.state === "live" && !(number.expires_at && number.expires_at <= now);
}

/** Days until the proof of a number ends, if they are few; null otherwise. */
export function endsInDays(number, now, few = 14) {
  if (!number.expires_at || !mayShow(number, now)) return null;
  const days = Math.ceil((number.expires_at - now) / DAY_MS);
  return days <= few ? days : null;
}

/**
 * What stands between this member and any call, the first that has to be mended; null when nothing does.
 * @param {object} setup GET /calls/setup @param {number} now Unix ms
 * @param {boolean} [carries] whether this device can carry the sound, so that no phone of one's own is needed
 * @returns {null|"paused"|"no_clinic"|"no_second_factor"|"no_phone"|"phone_waits"|"phone_cooling"|"no_number"|"all_expired"}
 */
export function obstacleOf(setup, now, carries = false) {
  if (setup.clinics.length === 0) return "no_clinic";
  if (setup.paused || setup.clinics.every((clinic) => clinic.paused)) return "paused";
  if (!setup.second_factor) return "no_second_factor";
  if (!carries && !setup.phone?.verified) return phoneStands(setup.phone);
  const numbers = setup.clinics.flatMap((clinic) => clinic.numbers);
  if (numbers.length === 0) return "no_number";
  if (!numbers.some((number) => mayShow(number, now))) return "all_expired";
  return null;
}

function phoneStands(phone) {
  if (phone?.cooling) return "phone_cooling";
  return phone?.waiting ? "phone_waits" : "no_phone";
}

/**
 * Which way to begin with: the last one on this device, as far as it is open; at first one's own phone, where it is proved.
 * @param {{carries: boolean, phone: boolean}} open whether this device can carry sound, and one's own phone is proved
 * @param {string|null} last @returns {"webrtc"|"callback"}
 */
export function wayToStart({ carries, phone }, last) {
  if (!carries) return "callback";
  return phone && last !== "webrtc" ? "callback" : "webrtc";
}

/** Whether a call leaves the clinic's country, where the number that is shown may be changed. */
export function goesAbroad(region, country) {
  return Boolean(region && country && region !== country);
}

/** The number to begin with: the one that was shown last time if it still may be, else the one that lasts longest. */
export function numberToShow(numbers, now, last = null) {
  const open = numbers.filter((number) => mayShow(number, now));
  const lasting = [...open].sort((a, b) => (b.expires_at ?? Infinity) - (a.expires_at ?? Infinity));
  return open.find((number) => number.id === last) ?? lasting[0] ?? null;
}

/**
 * What is to be said of a number in the last three days of its proof, null before them.
 * @returns {{days: number, instead: object|null}|null} instead: the number of the clinic that lasts longest, if it lasts longer
 */
export function endsSoon(number, numbers, now) {
  const days = endsInDays(number, now, LAST_DAYS);
  if (days === null) return null;
  const lasting = numbers.filter((one) => one.id !== number.id && endsInDays(one, now, LAST_DAYS) === null);
  return { days, instead: numberToShow(lasting, now) };
}

/** The clinic to begin with: where one may call by the number shown last, else the first that has any. */
export function clinicToStart(clinics, now, last = null) {
  const held = clinics.find((clinic) => clinic.numbers.some((number) => number.id === last && mayShow(number, now)));
  return held ?? clinics.find((clinic) => clinic.numbers.some((number) => mayShow(number, now))) ?? clinics[0] ?? null;
}

/** Whether somebody else answered at a number of a patient. @param {object} patient @param {"preferred"|"second"} to */
export function isWrong(patient, to) {
  return Boolean(to === "second" ? patient.second_wrong : patient.wrong);
}

/** The number of a patient to begin with: the second where somebody else answers the preferred one. */
export function whichFirst(patient) {
  return patient.wrong && patient.second_mask && !patient.second_wrong ? "second" : "preferred";
}

/** Whether typed digits are enough to ask the service about: shorter ones are still being typed. */
export function longEnough(typed) {
  return typed.replace(/\D/g, "").length >= 7;
}

/** Whether two requests to check are the same one, so that an answer that comes late can be told apart. */
export function checkKey({ clinic, caller_id: shown, way, patient = "", number = "", to, urgent = false }) {
  return [clinic, shown, way, patient, number, to, urgent].join("|");
}
