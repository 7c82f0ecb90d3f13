/** "Available for cardiology questions": the switch that stands on every screen, and the sheet behind its words. */
import { specialties, specialtyInSentence } from "../fields.js";
import { remember, screen, update } from "../screen.js";
import { openDialog } from "./dialog.js";
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";
import { callout } from "./states.js";
import { tellError, toast } from "./toast.js";
import { hour, t } from "./words.js";

/** `busy` until what was asked for is heard; `turn` counts what was asked, since answers may overtake each other. */
const memory = () => remember("availability", () => ({ busy: false, goal: null, turn: 0, now: null }));

/** The availability as last heard, over HTTP or the inbox. */
export function availability() {
  return memory().now ?? screen.app.session.me?.availability ?? { on: false, specialties: [], until: null, reason: null };
}

/** Take what the service says. @param {object} now */
export function heardAvailability(now) {
  memory().now = { ...availability(), ...now };
  if (memory().now.on === memory().goal) memory().busy = false;
  update();
}

/** Ask the service again what stands. */
export async function reloadAvailability() {
  const turn = ++memory().turn;
  try {
    const now = await screen.api.get("/availability");
    if (turn === memory().turn) heardAvailability(now);
  } catch {
    // What stands stays on the screen; the line bar tells of the line.
  }
}

/** Set it. @param {boolean} on @param {string[]} [chosen] @returns {Promise<boolean>} whether it was done */
export async function setAvailability(on, chosen = ownSpecialties()) {
  const turn = ++memory().turn;
  Object.assign(memory(), { busy: true, goal: on });
  update();
  try {
    const now = await screen.api.put("/availability", { on, specialties: chosen });
    if (turn === memory().turn) heardAvailability({ reason: null, ...now });
    toast(on ? t("available.now_on", { fields: fieldsText(chosen) }) : t("available.now_off"));
    return true;
  } catch (error) {
    tellError(error);
    return false;
  } finally {
    if (memory().goal === on) memory().busy = false;
    update();
  }
}

function ownSpecialties() {
  const { specialties: chosen } = availability();
  const own = screen.app.session.me?.specialty;
  return chosen?.length ? chosen : own ? [own] : [];
}

/** "cardiology", "cardiology and nephrology", "cardiology and 2 more". */
function fieldsText(codes) {
  const [first, second] = codes.map(specialtyInSentence);
  if (codes.length === 2) return t("available.two", { first, second });
  return codes.length > 2 ? t("available.more", { first, count: codes.length - 1 }) : first || "";
}

/** Flip it, or open the sheet when no specialty is known. */
export function toggleAvailability() {
  const { on } = availability();
  if (memory().busy) return;
  if (!on && !ownSpecialties().length) openAvailability();
  else setAvailability(!on);
}

function note(now) {
  if (now.on && !now.alertable) return t("available.screen_only");
  if (now.on && now.until) return t("available.until", { time: hour(now.until) });
  if (now.reason && now.reason !== "ended") return endedText(now.reason);
  return nothing;
}

/** Why it ended by itself. @param {string} reason "eight_hours", "missed" or another the service gives */
export function endedText(reason) {
  const key = `available.ended.${reason}`;
  const text = t(key);
  return text === key ? t("available.ended") : text;
}

/** The switch, drawn by the frame. */
export function availabilitySwitch() {
  const now = availability();
  const me = screen.app.session.me;
  if (!me?.verified || me.clinical === false) return nothing;
  const label = now.on ? t("available.on", { fields: fieldsText(now.specialties || []) }) : t("available.off");
  const own = ownSpecialties();
  const offer = own.length ? t("available.for", { fields: fieldsText(own) }) : t("available.choose");
  const warn = (now.on && !now.alertable) || (!now.on && now.reason && now.reason !== "ended");
  return html`<section class="available ${now.on ? "available-on" : ""} ${warn ? "available-warn" : ""}"
      aria-label=${t("available.title")}>
    <button class="available-words" type="button" aria-haspopup="dialog" @click=${openAvailability}>
      <span><span class="available-title">${label}</span><span class="available-note">${note(now)}</span></span>
    </button>
    <button class="switch" type="button" role="switch" aria-checked=${now.on ? "true" : "false"}
      aria-label=${offer} aria-busy=${memory().busy ? "true" : "false"} @click=${toggleAvailability}></button>
  </section>`;
}

/** The sheet: which specialties, until when, how this device is alerted. */
export function openAvailability() {
  const chosen = new Set(ownSpecialties());
  openDialog(t("available.title"), (close) => sheet(chosen, close));
}

function sheet(chosen, close) {
  const now = availability();
  const own = screen.app.session.me?.specialty;
  const list = [...specialties()].sort((a, b) => (b.code === own) - (a.code === own) || a.name.localeCompare(b.name));
  const flip = (code) => {
    if (!chosen.delete(code)) chosen.add(code);
    update();
  };
  const finish = async (on) => {
    if (await setAvailability(on, [...chosen])) close();
  };
  return html`
    <p class="soft">${t("available.text")}</p>
    ${now.on && !now.alertable
      ? callout("wait", "bell-off", html`<b>${t("available.screen_only")}.</b> <a href="/me#alerts" @click=${() => close()}>${t("available.allow")}</a>`)
      : nothing}
    <fieldset class="field">
      <legend>${t("available.fields")}</legend>
      <p class="hint">${t("available.fields_hint")}</p>
      <div class="check-list">${list.map((one) => html`<label class="check">
        <input type="checkbox" .checked=${chosen.has(one.code)} @change=${() => flip(one.code)} />
        <span>${one.name}${one.code === own ? html` <span class="pill">${t("available.yours")}</span>` : nothing}</span>
      </label>`)}</div>
    </fieldset>
    <p class="note soft">${icon("clock")} ${now.on && now.until ? t("available.until_long", { time: hour(now.until) }) : t("available.ends")}</p>
    <div class="dialog-actions">
      ${now.on ? html`<button class="btn btn-danger" type="button" @click=${() => finish(false)}>${t("available.end")}</button>` : nothing}
      <button class="btn btn-primary" type="button" aria-disabled=${chosen.size ? nothing : "true"}
        @click=${() => chosen.size && finish(true)}>${now.on ? t("save") : t("available.begin")}</button>
    </div>`;
}
