/** What can be done with a consult beside talking: close, hand back, invite, leave, reopen, report, withdraw. */
import { consultList, refreshConsult } from "../consult-list.js";
import { specialties } from "../fields.js";
import { confirmDialog, openDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { markedField, markList, marksIn } from "../parts/marked.js";
import { tellError, toast } from "../parts/toast.js";
import { errorText, t } from "../parts/words.js";
import { go } from "../router.js";
import { screen, update } from "../screen.js";

const OUTCOMES = ["answered", "partly", "redirected", "unanswered"];
const REASONS = ["identifies_patient", "uncivil", "wrong_advice", "not_a_clinician", "other"];

/** Send a command of a consult; what was refused is said. @returns {Promise<boolean>} */
async function act(r, kind, content, done) {
  try {
    await screen.app.publish(r, kind, content).promise;
    if (done) toast(done);
    refreshConsult(r);
    return true;
  } catch (error) {
    tellError(error);
    return false;
  }
}

/** The menu of a consult. @param {object} item @param {object} view */
export function actionsOf(item, view) {
  const open = item.state === "open";
  const answers = !item.mine;
  const quiet = item.state === "ended" && (item.end === "withdrawn" || item.end === "nobody");
  return [
    open ? { icon: "check", text: t("consult.close_with"), act: () => closeConsult(item) } : null,
    open && answers ? { icon: "undo-2", text: t("hand_back"), act: () => handBack(item) } : null,
    open ? { icon: "user-plus", text: t("invite"), act: () => invite(item) } : null,
    item.state === "waiting" || quiet ? null : { icon: "file-text", text: t("summary.title"), href: `/consults/${item.r}/summary` },
    mayReopen(item) ? { icon: "rotate-ccw", text: t("reopen.ask"), act: () => askReopen(item) } : null,
    { icon: "shield-check", text: t("who.link"), href: "/who-knows-what" },
    "line",
    { icon: "flag", text: t("report"), act: () => report(item), danger: true },
    mayLeave(item) ? { icon: "log-out", text: t("leave"), act: () => leave(item, view), danger: true } : null,
  ];
}

function mayLeave(item) {
  return item.state === "ended" || (item.state === "open" && !item.mine);
}

/** Whether either side may still ask to go on. */
export function mayReopen(item) {
  return item.state === "ended" && (item.end === "answered" || item.end === "no_reply") && (item.reopen_until || 0) > Date.now();
}

/** Close with an outcome. */
export async function closeConsult(item) {
  const form = { outcome: "", note: "", error: "" };
  const finish = async (close) => {
    if (!form.outcome) form.error = t("close.error");
    else if (marksIn(form.note).length) form.error = t("gate.stops", { count: marksIn(form.note).length });
    else if (await act(item.r, "consult.close", form.note.trim() ? { outcome: form.outcome, note: form.note.trim() } : { outcome: form.outcome })) close();
    update();
  };
  openDialog(t("close.title"), (close) => html`
    <fieldset class="field ${form.error ? "field-wrong" : ""}">
      <legend>${t("close.outcome")}</legend>
      ${form.error ? html`<p class="field-error" role="alert">${icon("circle-alert")}${form.error}</p>` : nothing}
      <div class="choices">${OUTCOMES.map((one) => html`<label class="choice">
        <input type="radio" name="outcome" value=${one} .checked=${form.outcome === one} @change=${() => { form.outcome = one; form.error = ""; update(); }} />
        <span class="strong">${t(`outcome.${one}`)}</span>
        <span class="choice-note note soft">${t(`outcome.${one}.hint`)}</span>
      </label>`)}</div>
    </fieldset>
    ${noteField("close-note", t("close.note"), t("close.note.hint"), form)}
    <div class="dialog-actions">
      <button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="button" @click=${() => finish(close)}>${t("close.do")}</button>
    </div>`);
}

function noteField(id, label, hint, form) {
  const marks = marksIn(form.note);
  const onText = (text) => { form.note = text; form.error = ""; update(); };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <p class="hint" id="${id}-hint">${hint}</p>
    ${markedField({ id, text: form.note, marks, max: 1000, describedby: `${id}-hint ${id}-marks`, onText })}
    ${markList(form.note, marks, onText, `${id}-marks`)}
  </div>`;
}

async function handBack(item) {
  const yes = await confirmDialog({ title: t("hand_back.title"), text: t("hand_back.text"), yes: t("hand_back") });
  if (yes && (await act(item.r, "consult.hand_back", {}, t("hand_back.done")))) drop(item);
}

async function leave(item) {
  const yes = await confirmDialog({ title: t("leave.title"), text: t("leave.text"), yes: t("leave"), danger: true });
  if (yes && (await act(item.r, "consult.leave", {}, t("leave.done")))) drop(item);
}

function drop(item) {
  consultList.items.delete(item.r);
  go("/consults", { replace: true });
}

function invite(item) {
  const form = { specialty: "" };
  openDialog(t("invite.title"), (close) => html`
    <p class="soft">${t("invite.text")}</p>
    <div class="field">
      <label for="invite-specialty">${t("ask.specialty")}</label>
      <select class="input" id="invite-specialty" @change=${(event) => { form.specialty = event.target.value; update(); }}>
        <option value="">${t("ask.specialty.none")}</option>
        ${specialties().map((one) => html`<option value=${one.code}>${one.name}</option>`)}
      </select>
    </div>
    <div class="dialog-actions">
      <button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="button" aria-disabled=${form.specialty ? nothing : "true"}
        @click=${async () => { if (form.specialty && (await act(item.r, "consult.invite", form, t("invite.done")))) close(); }}>${t("invite.do")}</button>
    </div>`);
}

/** Ask to reopen, or agree to it: the same command from either side. */
export function askReopen(item) {
  return act(item.r, "consult.reopen", {});
}

/** Report the consult, or one message of it. @param {object} item @param {number} [about] the message's number */
export function report(item, about) {
  const form = { reason: "", note: "", error: "" };
  const finish = async (close) => {
    const note = form.note.trim();
    if (!form.reason) form.error = t("report.error");
    else {
      const reason = note ? `${form.reason}: ${note}` : form.reason;
      const content = about ? { r: item.r, reason, about } : { r: item.r, reason };
      try {
        await screen.app.publish("me", "consult.report", content).promise;
        toast(t("report.done"));
        close();
      } catch (error) {
        form.error = errorText(error);
      }
    }
    update();
  };
  openDialog(about ? t("report.title_message") : t("report.title"), (close) => html`
    <p class="soft">${t("report.text")}</p>
    <fieldset class="field ${form.error ? "field-wrong" : ""}">
      <legend>${t("report.reason")}</legend>
      ${form.error ? html`<p class="field-error" role="alert">${icon("circle-alert")}${form.error}</p>` : nothing}
      <div class="choices">${REASONS.map((one) => html`<label class="choice">
        <input type="radio" name="reason" value=${one} .checked=${form.reason === one} @change=${() => { form.reason = one; form.error = ""; update(); }} />
        <span>${t(`report.reason.${one}`)}</span>
      </label>`)}</div>
    </fieldset>
    ${noteField("report-note", t("report.note"), t("report.note.hint"), form)}
    <div class="dialog-actions">
      <button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-danger" type="button" @click=${() => finish(close)}>${t("report.do")}</button>
    </div>`);
}
