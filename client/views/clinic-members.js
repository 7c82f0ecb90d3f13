/** Who belongs to a clinic: invite, change, and remove with all that it touches said first. */
import { loadClinics } from "../clinic-list.js";
import { confirmDialog, openDialog } from "../parts/dialog.js";
import { carryOut, wrong } from "../parts/form-work.js";
import { html, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded, reload, shown } from "../parts/loaded.js";
import { menu } from "../parts/menu.js";
import { callout } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { date, t } from "../parts/words.js";
import { screen, update } from "../screen.js";

const ROLES = ["physician", "desk", "administrator"];
const keyOf = (clinic) => `members/${clinic.id}`;

/** What stands in the head of this part. @param {object} clinic */
export function partAction(clinic) {
  return html`<button class="btn btn-primary btn-small" type="button" @click=${() => invite(clinic)}>${icon("user-plus")}${t("members.invite")}</button>`;
}

/** @param {object} clinic */
export function clinicPart(clinic) {
  const members = loaded(keyOf(clinic), (api) => api.get(`/clinics/${clinic.id}/members`));
  return html`<div class="page page-wide">
    <p class="soft">${t("members.text")}</p>
    ${shown(members, (value) => html`
      ${value.items.filter((one) => one.role === "administrator").length === 1 ? callout("wait", "users", t("members.single")) : nothing}
      <ul class="rows">${repeat(value.items, (one) => one.id, (one) => member(clinic, one, value.items))}</ul>
      ${value.invitations.length ? html`<section class="section"><h2>${t("members.invited")}</h2>
        <ul class="rows">${value.invitations.map((one) => invitation(clinic, one))}</ul></section>` : nothing}`)}
  </div>`;
}

function member(clinic, one, all) {
  return html`<li class="thing">
    ${icon("circle-user")}
    <div><p class="strong">${one.name} ${one.me ? html`<span class="pill">${t("members.you")}</span>` : nothing}</p>
      <p class="note soft">${t(`clinic.role.${one.role}`)}${one.can_free_dial ? html` · ${t("members.free_dial")}` : nothing} · ${t("members.since", { day: date(one.joined_at) })}</p></div>
    ${menu({ label: t("members.actions", { who: one.name }) }, [
      ...ROLES.filter((role) => role !== one.role).map((role) => ({ icon: "users", text: t(`members.make.${role}`), act: () => change(clinic, one, { role }) })),
      one.role === "physician" ? { icon: "hash", text: one.can_free_dial ? t("members.free_dial.off") : t("members.free_dial.on"), act: () => change(clinic, one, { can_free_dial: !one.can_free_dial }) } : null,
      "line",
      { icon: "log-out", text: one.me ? t("members.leave") : t("members.remove"), act: () => remove(clinic, one, all), danger: true },
    ])}
  </li>`;
}

function invitation(clinic, one) {
  return html`<li class="thing">${icon("hourglass")}
    <div><p class="strong">${one.email}</p><p class="note soft">${t(`clinic.role.${one.role}`)} · ${t("members.until", { day: date(one.expires_at) })}</p></div>
    <button class="btn btn-small btn-danger push" type="button" @click=${() => withdraw(clinic, one)}>${t("members.withdraw")}</button></li>`;
}

async function change(clinic, one, changes) {
  await screen.api.patch(`/clinics/${clinic.id}/members/${one.id}`, changes).then(() => toast(t("saved")), tellError);
  await Promise.all([reload(keyOf(clinic)), one.me ? loadClinics() : null]);
}

async function withdraw(clinic, one) {
  const yes = await confirmDialog({ title: t("members.withdraw.title"), text: t("members.withdraw.text", { email: one.email }), yes: t("members.withdraw"), danger: true });
  if (!yes) return;
  await screen.api.delete(`/clinics/${clinic.id}/invitations/${one.id}`).then(() => toast(t("members.withdrawn")), tellError);
  await reload(keyOf(clinic));
}

// --- inviting ------------------------------------------------------------------------------------------------------------------

function invite(clinic) {
  const form = { email: "", role: "physician", free: false, error: "", busy: false };
  const send = (event, close) => {
    event.preventDefault();
    void carryOut(form, async () => {
      await screen.api.post(`/clinics/${clinic.id}/members`, { email: form.email.trim(), role: form.role, can_free_dial: form.free });
      close();
      toast(t("members.invited.done"));
      await reload(keyOf(clinic));
    });
  };
  openDialog(t("members.invite"), (close) => html`<form class="stack" @submit=${(event) => send(event, close)}>
    <p class="soft">${t("members.invite.text")}</p>
    <div class="field ${form.error ? "field-wrong" : ""}"><label for="invite-email">${t("signin.email")}</label>
      ${wrong(form)}
      <input class="input" id="invite-email" type="email" required autocomplete="off" .value=${form.email} @input=${(event) => { form.email = event.target.value; }} /></div>
    <fieldset class="field"><legend>${t("me.role")}</legend><div class="choices">${ROLES.map((role) => html`<label class="choice">
      <input type="radio" name="role" value=${role} .checked=${form.role === role} aria-describedby="invite-${role}" @change=${() => { form.role = role; update(); }} />
      <span class="strong">${t(`clinic.role.${role}`)}</span><span class="choice-note note soft" id="invite-${role}">${t(`clinic.role.${role}.hint`)}</span></label>`)}</div></fieldset>
    ${form.role === "physician" ? html`<label class="check check-bare"><input type="checkbox" .checked=${form.free} @change=${(event) => { form.free = event.target.checked; }} /><span>${t("members.free_dial.may")}</span></label>` : nothing}
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="submit" aria-busy=${form.busy ? "true" : "false"}>${t("members.invite.do")}</button></div>
  </form>`);
}

// --- removing ------------------------------------------------------------------------------------------------------------------

/** Leave a clinic oneself, with all that it touches said first, from wherever one is. @param {object} clinic */
export async function leaveClinic(clinic) {
  try {
    const { items } = await screen.api.get(`/clinics/${clinic.id}/members`);
    const mine = items.find((one) => one.me);
    if (mine) await remove(clinic, mine, items);
  } catch (error) {
    tellError(error);
  }
}

async function remove(clinic, one, all) {
  let touched;
  try {
    touched = await screen.api.get(`/clinics/${clinic.id}/members/${one.id}/touches`);
  } catch (error) {
    return tellError(error);
  }
  const form = { heir: "", chosen: new Set(), error: "", busy: false };
  const heirs = all.filter((other) => other.id !== one.id);
  const send = (event, close) => {
    event.preventDefault();
    void carryOut(form, async () => {
      await screen.api.post(`/clinics/${clinic.id}/members/${one.id}/remove`, { reassign: form.heir || null, pass_on: [...form.chosen] });
      close();
      toast(one.me ? t("members.left") : t("members.removed", { who: one.name }));
      await Promise.all([reload(keyOf(clinic)), loadClinics(), reload("calls/setup")]);
    });
  };
  const title = one.me ? t("members.leave.title") : t("members.remove.title", { who: one.name });
  const heir = () => heirs.find((other) => other.id === form.heir);
  return openDialog(title, (close) => touched.last_administrator ? last(close) : html`<form class="stack" @submit=${(event) => send(event, close)}>
    ${touched.items.length ? html`<p>${t("members.touches")}</p><ul class="touches">${touched.items.map((each) => html`<li>${icon(each.needs_heir ? "users" : "circle-x")}
        <span><b class="figures">${each.count}</b> ${touchText(each, heir())}</span></li>`)}</ul>`
      : html`<p>${t("members.touches.none")}</p>`}
    ${touched.items.some((each) => each.heir_roles.length) ? heirField(form, heirs, touched.items) : nothing}
    ${heir() ? touched.items.filter((each) => each.choices.length).map((each) => choiceField(form, each, heir())) : nothing}
    <p class="note soft">${t("members.records")}</p>
    ${wrong(form)}
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-danger" type="submit" aria-busy=${form.busy ? "true" : "false"}>${one.me ? t("members.leave") : t("members.remove")}</button></div>
  </form>`);
}

/** Who takes over. Another heir is given nothing that was chosen for the one before. */
function heirField(form, heirs, items) {
  const needed = items.some((each) => each.needs_heir);
  const set = (event) => { form.heir = event.target.value; form.chosen.clear(); update(); };
  return html`<div class="field"><label for="heir">${t("members.heir")}</label>
    <select class="input" id="heir" ?required=${needed} @change=${set}><option value="">${t(needed ? "members.heir.none" : "members.heir.nobody")}</option>
      ${heirs.map((other) => html`<option value=${other.id} .selected=${other.id === form.heir}>${other.name}, ${t(`clinic.role.${other.role}`)}</option>`)}</select></div>`;
}

/** What the heir is given only where it is ticked here. */
function choiceField(form, each, heir) {
  return html`<fieldset class="field"><legend>${t(`touch.${each.kind}.choose`, { who: heir.name })}</legend>
    ${each.choices.map((choice) => html`<label class="check check-bare"><input type="checkbox" .checked=${form.chosen.has(choice.id)} @change=${(event) => form.chosen[event.target.checked ? "add" : "delete"](choice.id)} />
      <span>${choice.until ? t("members.choice.until", { what: choice.says, day: date(choice.until) }) : choice.says}</span></label>`)}</fieldset>`;
}

/** What is held and what becomes of it, in the language of the screens where its kind is known. */
function touchText({ kind, says, count, heir_roles, choices }, heir) {
  const passes = heir && !choices.length && heir_roles.includes(heir.role);
  const text = passes ? t(`touch.${kind}.heir`, { count, who: heir.name }) : t(`touch.${kind}`, { count });
  return text.startsWith(`touch.${kind}`) ? says : text;
}

function last(close) {
  return html`${callout("end", "users", html`<b>${t("members.last")}</b><p>${t("members.last.text")}</p>`)}
    <div class="dialog-actions"><button class="btn btn-primary" type="button" @click=${() => close()}>${t("done")}</button></div>`;
}
