/** The clinics one belongs to and those that invite one: asked at sign-in, so that the place Clinic is there or not. */
import { screen, update } from "./screen.js";

const RUNS = new Set(["administrator", "desk"]);

let known = null;

/** Ask the service; what is known stays where it cannot be asked. */
export async function loadClinics() {
  try {
    known = await screen.api.get("/clinics");
  } catch {
    known ??= { items: [], invitations: [] };
  }
  update();
}

/** @returns {{id: string, name: string, role: string, can_free_dial: boolean, state: string, member: string}[]} */
export function myClinics() {
  return known?.items ?? [];
}

/** @returns {{id: string, clinic: string, name: string, role: string, expires_at: number}[]} */
export function myInvitations() {
  return known?.invitations ?? [];
}

/** Whether it was asked yet: before, nobody can say that a clinic is not there. */
export function clinicsKnown() {
  return known !== null;
}

/** Those that one runs: at the desk, or as an administrator. */
export function runClinics() {
  return myClinics().filter((clinic) => RUNS.has(clinic.role));
}

/** Forget everything (sign-out). */
export function forgetClinics() {
  known = null;
}
