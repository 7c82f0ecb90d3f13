/** What stands between a member and any call, each with its reason and the way to mend it. */
import { liveCall } from "../call-list.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout, statement } from "../parts/states.js";
import { exact, t } from "../parts/words.js";
import { invitations } from "./me-clinics.js";
import { phoneForm } from "./me-phone.js";

const SIGNS = {
  paused: "pause", no_clinic: "building-2", no_second_factor: "shield-check", no_phone: "smartphone",
  phone_waits: "smartphone", phone_cooling: "hourglass", live: "phone-call", no_number: "hash", all_expired: "hourglass",
};

/** @param {string} name of `obstacleOf` @param {object} setup @param {() => void} again asks the service anew */
export function obstacle(name, setup, again) {
  const byTeam = name === "paused" ? setup.pause : null;
  const phone = name === "no_phone" || name === "phone_waits";
  return html`<div class="obstacle">${statement({
    icon: SIGNS[name],
    title: t(`stands.${name}`),
    text: byTeam ? t("stands.paused.by_team", { time: exact(byTeam.since) }) : t(`stands.${name}.text`, { time: setup.phone?.cooling ? exact(setup.phone.cooling.at) : "" }),
    action: phone ? nothing : [byTeam ? why(byTeam) : nothing, way(name, again)],
  })}${name === "no_clinic" ? html`<div class="page page-narrow">${invitations(again)}</div>` : nothing}${phone ? html`<div class="page page-narrow">${phoneForm(again)}</div>` : nothing}</div>`;
}

/** The pause of all calls, in the team's own words. */
function why({ reason }) {
  return reason ? callout("end", "pause", html`<b>${t("stands.paused.why")}</b> <span dir="auto">${reason}</span>`) : nothing;
}

function way(name, again) {
  if (name === "live") return html`<a class="btn btn-primary" href="/calls/${liveCall().r}">${icon("phone-call")}${t("callbar.go")}</a>`;
  if (name === "no_second_factor") return html`<a class="btn btn-primary" href="/me#me-factor">${icon("shield-check")}${t("stands.no_second_factor.do")}</a>`;
  return html`<button class="btn" type="button" @click=${again}>${icon("refresh-cw")}${t("stands.again")}</button>`;
}
