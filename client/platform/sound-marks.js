/**
 * What this page must know when it is loaded again during a call: which call it carries, how far its offers were numbered,
 * and whether it is muted. Kept for this page alone, and no longer than it lives; a call's id is random.
 */
const KEY = "curbside.sound";

/** @param {{r: string, muted: boolean, peer: number, asked: number}|null} marks null: nothing is carried here any more */
export function keepMarks(marks) {
  if (marks) sessionStorage.setItem(KEY, JSON.stringify(marks));
  else sessionStorage.removeItem(KEY);
}

/** @returns {{r: string, muted: boolean, peer: number, asked: number}|null} */
export function keptMarks() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}
