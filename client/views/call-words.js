/** What is said of a call in a list, from what the service lists: how it ended, and whether it is to be tried again. */
import { endWord } from "../core/call.js";

/** The end of the string's key for a call that is over. @param {object} item of GET /calls */
export function endWordOf(item) {
  return endWord({
    by: item.by,
    cause: item.cause,
    talked: item.talked_s > 0 || Boolean(item.bridged_at),
    rang: item.patient_called ?? true,
    here: item.clinician_here ?? true,
  });
}

/** Whether it is to be tried again and was not yet: no later call to the same patient. */
export function isToRetry(item, all) {
  if (item.outcome?.then !== "retry" || !item.outcome.retry_at) return false;
  return !all.some((other) => other.at > item.at && other.patient?.id && other.patient.id === item.patient?.id);
}

/** Whether the time to try again has come. */
export function isLate(item, now) {
  return item.outcome.retry_at <= now;
}
