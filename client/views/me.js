/** Me: who one is, languages and time, quiet hours and budget, alerts, sessions, tokens, this device, sign out. */
import { myClinics } from "../clinic-list.js";
import { languageName, languages, regionName, specialtyName } from "../fields.js";
import { openAvailability } from "../parts/availability.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { hour, t } from "../parts/words.js";
import { screen, update } from "../screen.js";
import { alertsSection } from "./me-alerts.js";
import { clinicsSection } from "./me-clinics.js";
import { deviceSection } from "./me-device.js";
import { sessionsSection, tokensSection } from "./me-access.js";
import { secondFactorSection } from "./me-factor.js";
import { phoneSection } from "./me-phone.js";

const ZONES = Intl.supportedValuesOf?.("timeZone") ?? [];

/** Change something of oneself; what was refused is said. @param {object} changes */
async function change(changes, done) {
  try {
    await screen.api.patch("/me", changes);
    await screen.app.reloadMe();
    toast(done || t("saved"));
  } catch (error) {
    tellError(error);
  }
  update();
}

/** The screen. */
export function mePage() {
  const { me } = screen.app.session;
  return html`<div class="panes panes-one"><div class="pane">
    <header class="head"><h1 tabindex="-1">${t("place.me")}</h1></header>
    <div class="page">
      ${profile(me)}
      ${me.verified && me.clinical !== false ? answering(me) : nothing}
      ${me.verified && (me.clinical !== false || myClinics().length) ? phoneSection() : nothing}
      ${me.verified ? clinicsSection() : nothing}
      ${alertsSection()}
      ${secondFactorSection()}
      ${sessionsSection()}
      ${tokensSection()}
      ${deviceSection()}
      <section class="section">
        <h2>${t("me.about")}</h2>
        <ul class="links">
          <li><a href="/who-knows-what">${icon("shield-check")}${t("who.title")}</a></li>
          <li><a href="/verify">${icon("file-check")}${t("verify.title")}</a></li>
        </ul>
      </section>
      ${signOutSection()}
    </div>
  </div></div>`;
}

function profile(me) {
  return html`<section class="section" aria-labelledby="me-profile">
    <h2 id="me-profile">${t("me.profile")}</h2>
    <div class="card stack">
      <div class="row">
        <span class="monogram person-mark" aria-hidden="true">${initials(me.name)}</span>
        <div><p class="strong">${me.name}</p><p class="note soft">${me.email}</p></div>
        <span class="pill ${me.verified ? "pill-done" : "pill-wait"} push">${icon(me.verified ? "badge-check" : "hourglass")}${me.verified ? t("me.verified") : t("me.not_verified")}</span>
      </div>
      <dl class="facts">
        ${fact(t("me.role"), t(`role.${me.role}`))}
        ${me.specialty ? fact(t("ask.specialty"), specialtyName(me.specialty)) : nothing}
        ${me.region ? fact(t("me.region"), regionName(me.region)) : nothing}
      </dl>
      <p class="note soft">${icon("info")} ${t("me.only_you")} <a href="/who-knows-what">${t("who.link")}</a></p>
    </div>
    <fieldset class="field">
      <legend>${t("me.languages")}</legend>
      <p class="hint">${t("me.languages.hint")}</p>
      <div class="row">${me.languages.map((code) => html`<span class="pill pill-tall">${languageName(code)}
        ${me.languages.length > 1 ? html`<button class="pill-x" type="button" aria-label=${t("me.languages.remove", { name: languageName(code) })}
          @click=${() => change({ languages: me.languages.filter((one) => one !== code) })}>${icon("x")}</button>` : nothing}</span>`)}
        <select class="input narrow" aria-label=${t("me.languages.add")} @change=${(event) => {
          const code = event.target.value;
          event.target.value = "";
          if (code) change({ languages: [...me.languages, code] });
        }}>
          <option value="">${t("me.languages.add")}</option>
          ${languages().filter((one) => !me.languages.includes(one.code)).map((one) => html`<option value=${one.code}>${languageName(one.code)}</option>`)}
        </select>
      </div>
    </fieldset>
    <div class="field">
      <label for="me-zone">${t("me.zone")}</label>
      <select class="input" id="me-zone" @change=${(event) => change({ time_zone: event.target.value })}>
        ${[...new Set([me.time_zone, ...ZONES])].map((zone) => html`<option .selected=${zone === me.time_zone}>${zone}</option>`)}
      </select>
    </div>
  </section>`;
}

function fact(name, value) {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function initials(name) {
  return name.replace(/^Dr\.? /, "").split(" ").map((word) => word[0]).slice(0, 2).join("");
}

function answering(me) {
  const quiet = me.quiet || { from: "22:00", to: "07:00" };
  const save = (part) => change({ quiet: { ...quiet, ...part } });
  return html`<section class="section" aria-labelledby="me-answering">
    <h2 id="me-answering">${t("me.answering")}</h2>
    <p><button class="btn" type="button" @click=${openAvailability}>${t("available.change")}</button></p>
    <div class="field">
      <label for="budget">${t("me.budget")}</label>
      <p class="hint" id="budget-hint">${t("me.budget.hint", { count: me.offers_today })}</p>
      <input class="input narrow figures" id="budget" type="number" inputmode="numeric" min="0" max="200" aria-describedby="budget-hint"
        .value=${String(me.daily_budget)} @change=${(event) => event.target.checkValidity() && event.target.value !== "" && change({ daily_budget: Number(event.target.value) })} />
    </div>
    <fieldset class="field">
      <legend>${t("me.quiet")}</legend>
      <p class="hint">${t("me.quiet.hint", { zone: me.time_zone.replace(/_/g, " "), time: hour(Date.now()) })}</p>
      <label class="check check-bare"><input type="checkbox" .checked=${Boolean(me.quiet)}
        @change=${(event) => change({ quiet: event.target.checked ? quiet : null })} /><span>${t("me.quiet.on")}</span></label>
      ${me.quiet ? html`<div class="row">
        <label class="row note">${t("me.quiet.from")} <input class="input times figures" type="time" .value=${quiet.from} @change=${(event) => event.target.value && save({ from: event.target.value })} /></label>
        <label class="row note">${t("me.quiet.to")} <input class="input times figures" type="time" .value=${quiet.to} @change=${(event) => event.target.value && save({ to: event.target.value })} /></label>
      </div>` : nothing}
    </fieldset>
  </section>`;
}

function signOutSection() {
  return html`<section class="section" aria-labelledby="me-out">
    <h2 id="me-out">${t("signout.title")}</h2>
    ${callout("", "lock", html`<p>${t("signout.text")}</p>`)}
    <p><button class="btn btn-danger" type="button" @click=${screen.signOut}>${icon("log-out")}${t("signout.do")}</button></p>
  </section>`;
}
