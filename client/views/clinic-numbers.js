/** The clinic's numbers: proved by a call and a code, approved by somebody else, granted, lent, expiring, revoked; and the pause. */
import { confirmDialog } from "../parts/dialog.js";
import { html, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded, reload, shown } from "../parts/loaded.js";
import { menu } from "../parts/menu.js";
import { callout, statement } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { date, exact, t } from "../parts/words.js";
import { screen } from "../screen.js";
import { endsInDays } from "../core/call-setup.js";
import { attestationText } from "./call-number.js";
import { addNumber, askCarrier, grantNumber, lendNumber, numbersKey, proveNumber, revokeNumber } from "./clinic-number-forms.js";

const TONES = { proving: ["hourglass", "pill-wait"], approving: ["hourglass", "pill-wait"], live: ["badge-check", "pill-done"], expired: ["circle-x", "pill-end"], revoked: ["circle-x", "pill-end"] };

/** What stands in the head of this part. @param {object} clinic */
export function partAction(clinic) {
  return html`<button class="btn btn-primary btn-small" type="button" @click=${() => addNumber(clinic)}>${icon("plus")}${t("numbers.add")}</button>`;
}

/** @param {object} clinic */
export function clinicPart(clinic) {
  const numbers = loaded(numbersKey(clinic), (api) => api.get(`/clinics/${clinic.id}/numbers`));
  return html`<div class="page page-wide">
    <p class="soft">${t("numbers.text")}</p>
    ${shown(numbers, ({ items, ended = [] }) => [items.length
      ? html`<ul class="stack">${repeat(items, (one) => one.id, (one) => number(clinic, one))}</ul>`
      : statement({ icon: "hash", title: t("numbers.none"), text: t("numbers.none.text") }),
      ended.length ? past(ended) : nothing])}
    ${pause(clinic)}
  </div>`;
}

function number(clinic, one) {
  const days = endsInDays(one, screen.app.now());
  const [sign, tone] = TONES[one.state] ?? TONES.proving;
  return html`<li class="card stack number">
    <div class="row"><p class="number-digits figures">${one.formatted}${one.extension ? html` <span class="note soft">${t("numbers.extension")}</span>` : nothing}</p>
      <span class="pill ${tone}">${icon(sign)}${t(`number.state.${one.state}`)}</span>
      ${days === null ? nothing : html`<span class="pill pill-wait">${icon("hourglass")}${t("number.ends", { count: days })}</span>`}
      <span class="push">${menu({ label: t("numbers.actions", { number: one.formatted }) }, actions(clinic, one))}</span></div>
    <p class="note soft">${one.holder ? t("numbers.lent_by", { clinic: one.holder }) : t(`mode.${one.mode}`)} · ${attestationText(one.attestation)}</p>
    ${next(clinic, one, days)}
    ${one.state === "live" || one.state === "expired" ? grants(clinic, one) : nothing}
    ${one.lent.length ? html`<p class="note soft">${icon("building-2")} ${t("numbers.lent_to", { clinics: one.lent.map((lent) => lent.clinic).join(", ") })}</p>` : nothing}
    ${one.state === "live" && one.expires_at ? html`<p class="note soft">${icon("clock")} ${t("numbers.until", { day: date(one.expires_at) })}</p>` : nothing}
  </li>`;
}

/** Nothing can be done with these: they stand here so that everyone finds what became of them. */
function past(list) {
  return html`<details class="more"><summary>${t("numbers.ended", { count: list.length })}</summary>
    <ul class="rows">${repeat(list, (one) => one.id, (one) => html`<li class="thing"><span class="tone-end">${icon("circle-x")}</span>
      <div class="thing-words"><span class="strong figures">${one.formatted}</span>
        <span class="note">${one.state === "revoked" ? revokedText(one) : expiredText(one)}</span>
        ${one.revoked_why ? html`<span class="note soft" dir="auto">${t("numbers.ended.why", { why: one.revoked_why })}</span>` : nothing}</div></li>`)}</ul></details>`;
}

function revokedText(one) {
  const who = one.revoked_by ?? one.holder;
  return who ? t("numbers.ended.revoked_by", { time: exact(one.revoked_at), who }) : t("numbers.ended.revoked", { time: exact(one.revoked_at) });
}

function expiredText({ expires_at: at, holder }) {
  return at ? t("numbers.ended.expired", { day: date(at), who: holder }) : t("numbers.ended.expired.lender", { who: holder });
}

/** What has to be done with it now, if anything has. */
function next(clinic, one, days) {
  if (one.state === "proving") return proving(clinic, one);
  if (one.state === "approving") return [approving(clinic, one), carrierCheck(clinic, one)];
  if (one.carrier === "wanted") return carrierCheck(clinic, one);
  if ((one.state === "expired" || days !== null) && one.mode === "own" && !one.holder) {
    const text = one.state === "expired" ? t("numbers.expired") : t("numbers.expiring", { count: days });
    return callout(one.state === "expired" ? "end" : "wait", "hourglass", html`<p>${text}</p>${proveButton(clinic, one)}`);
  }
  return nothing;
}

function proveButton(clinic, one, text = t("numbers.prove")) {
  return html`<p class="row"><button class="btn btn-small btn-primary" type="button" @click=${() => proveNumber(clinic, one)}>${icon("phone-call")}${text}</button></p>`;
}

function proving(clinic, one) {
  const { proof } = one;
  if (!proof || proof.state === "failed") return callout("wait", "phone-call", html`<p>${proof ? t("numbers.proof.failed") : t("numbers.proof.none")}</p>${proveButton(clinic, one)}`);
  return callout("wait", "phone-call", html`<p>${t(`code.state.${proof.state}`, { time: exact(proof.call_at) })}</p>${proveButton(clinic, one, t("numbers.code"))}`);
}

function approving(clinic, one) {
  if (one.can_approve) {
    return callout("info", "shield-check", html`<p>${t("numbers.approve.text", { who: one.asked_by ?? "" })}</p>
      <p><button class="btn btn-small btn-primary" type="button" @click=${() => approve(clinic, one)}>${t("numbers.approve")}</button></p>`);
  }
  const text = one.single_until ? t("numbers.approve.single", { time: exact(one.single_until) }) : t("numbers.approve.waits");
  return callout("wait", "hourglass", text);
}

/** Some carriers show only numbers that they have called themselves. */
function carrierCheck(clinic, one) {
  if (one.carrier !== "wanted" || one.holder) return nothing;
  return callout("wait", "phone-call", html`<p>${t("numbers.carrier")}</p>
    <p><button class="btn btn-small" type="button" @click=${() => askCarrier(clinic, one)}>${t("numbers.carrier.do")}</button></p>`);
}

async function approve(clinic, one) {
  await screen.api.post(`/numbers/${one.id}/approve`).then(() => toast(t("numbers.approved")), tellError);
  await reload(numbersKey(clinic));
}

function grants(clinic, one) {
  return html`<div class="grants"><p class="legend note">${t("numbers.grants")}</p>
    <div class="row">${one.grants.map((grant) => html`<span class="pill pill-tall">${grant.name}${grant.until ? html` <span class="soft">${t("numbers.grant.until", { day: date(grant.until) })}</span>` : nothing}
      <button class="pill-x" type="button" aria-label=${t("numbers.grant.end", { who: grant.name })} @click=${() => takeBack(clinic, one, grant)}>${icon("x")}</button></span>`)}
      ${one.grants.length ? nothing : html`<span class="note soft">${t("numbers.grants.none")}</span>`}
      <button class="btn btn-small" type="button" @click=${() => grantNumber(clinic, one)}>${icon("user-plus")}${t("numbers.grant")}</button></div></div>`;
}

async function takeBack(clinic, one, grant) {
  const yes = await confirmDialog({ title: t("numbers.grant.end.title", { who: grant.name }), text: t("numbers.grant.end.text"), yes: t("numbers.grant.end.do"), danger: true });
  if (!yes) return;
  await screen.api.delete(`/numbers/${one.id}/grants/${grant.member}`).catch(tellError);
  await reload(numbersKey(clinic));
}

function actions(clinic, one) {
  const own = one.mode === "own" && !one.holder;
  const held = one.state === "live" || one.state === "expired";
  return [
    own && held ? { icon: "phone-call", text: t("numbers.prove.again"), act: () => proveNumber(clinic, one) } : null,
    held && !one.holder ? { icon: "building-2", text: t("numbers.lend"), act: () => lendNumber(clinic, one) } : null,
    "line",
    { icon: "circle-x", text: t("numbers.revoke"), act: () => revokeNumber(clinic, one), danger: true },
  ];
}

// --- pause all calls ------------------------------------------------------------------------------------------------------------

function pause(clinic) {
  const setup = loaded("calls/setup", (api) => api.get("/calls/setup")).value;
  const paused = setup?.paused || setup?.clinics.find((one) => one.id === clinic.id)?.paused;
  return html`<section class="section" aria-labelledby="pause-title"><h2 id="pause-title">${t("pause.title")}</h2>
    ${paused ? callout("end", "pause", t("pause.on")) : html`<p class="soft">${t("pause.text")}</p>`}
    <p class="row">${paused ? nothing : html`<button class="btn btn-danger" type="button" @click=${() => setPause(clinic, true)}>${icon("pause")}${t("pause.do")}</button>`}
      ${paused && !setup.paused ? html`<button class="btn btn-primary" type="button" @click=${() => setPause(clinic, false)}>${t("pause.go_on")}</button>` : nothing}</p></section>`;
}

async function setPause(clinic, on) {
  if (on && !(await confirmDialog({ title: t("pause.confirm"), text: t("pause.confirm.text"), yes: t("pause.do"), danger: true }))) return;
  await screen.api.post(`/clinics/${clinic.id}/pause`, { on }).then(() => toast(on ? t("pause.done") : t("pause.over")), tellError);
  await reload("calls/setup");
}
