/** The place Clinic, for its desk and its administrators: a list of its parts, and beside it the one that is open. */
import { clinicsKnown, loadClinics, runClinics } from "../clinic-list.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout, skeleton, statement } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { t } from "../parts/words.js";
import { go } from "../router.js";
import { later, screen } from "../screen.js";

/** Part, icon, the roles that it is for, and its screen, which is loaded when it is opened. */
const PARTS = [
  ["slips", "clipboard-list", ["desk", "administrator"], () => import("./clinic-slips.js")],
  ["calls", "chart-column", ["desk", "administrator"], () => import("./clinic-calls.js")],
  ["patients", "contact", ["desk", "administrator"], () => import("./clinic-patients.js")],
  ["incoming", "phone-incoming", ["desk", "administrator"], () => import("./clinic-incoming.js")],
  ["numbers", "hash", ["administrator"], () => import("./clinic-numbers.js")],
  ["members", "users", ["administrator"], () => import("./clinic-members.js")],
];

/** @param {{clinic?: string, part?: string}} route */
export function clinicPage(route) {
  // What can be worked in comes first: one that still waits opens nothing.
  const clinics = [...runClinics()].sort((a, b) => (b.state === "verified") - (a.state === "verified"));
  const clinic = route.clinic ? clinics.find((one) => one.id === route.clinic) : clinics[0];
  if (!clinicsKnown()) return one(skeleton(5));
  if (!clinic) return one(statement({ icon: "lock", title: t("clinic.gone"), text: t("clinic.gone.text"), heading: true }));
  const parts = PARTS.filter(([, , roles]) => roles.includes(clinic.role));
  const part = parts.find(([name]) => name === route.part);
  const [name, , , load] = part ?? parts[0];
  // On a phone the list alone is on the screen, and nothing of it is open.
  const open = part || matchMedia("(min-width: 45rem)").matches ? name : "";
  let action = nothing;
  const content = clinic.state === "verified"
    ? later(`clinic-${name}`, load, (view) => {
        action = view.partAction?.(clinic) ?? nothing;
        return view.clinicPart(clinic);
      })
    : notVerified(clinic);
  return html`<div class="panes ${part ? "" : "panes-list"}">
    ${hub(clinic, clinics, parts, open)}
    <div class="pane pane-detail">
      <header class="head"><a class="icon-btn only-phone" href="/clinic/${clinic.id}" aria-label=${t("back")}>${icon("arrow-left")}</a>
        <h1 class="head-words" tabindex="-1">${t(`clinic.${name}`)}</h1>${action}</header>
      ${content}
    </div>
  </div>`;
}

function one(content) {
  return html`<div class="panes panes-one"><div class="pane" tabindex="0">${content}</div></div>`;
}

function notVerified(clinic) {
  return html`<div class="page">${callout("wait", "hourglass", html`<b>${t(`clinic.state.${clinic.state}`)}</b><p>${t(`clinic.state.${clinic.state}.text`)}</p>`)}</div>`;
}

/** What a lender and a colleague ask for, and by whose clock days and opening hours are. */
function about(clinic) {
  const zones = [...new Set([clinic.time_zone, ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];
  return html`<div class="page"><dl class="facts"><div><dt>${t("clinic.id")}</dt><dd><code class="mono">${clinic.id}</code></dd></div></dl>
    <div class="field"><label for="clinic-zone">${t("me.zone")}</label>
      ${clinic.role === "administrator" ? html`<select class="input" id="clinic-zone" @change=${(event) => changeZone(clinic, event.target.value)}>
        ${zones.map((zone) => html`<option value=${zone} .selected=${zone === clinic.time_zone}>${zone}</option>`)}</select>`
    : html`<p id="clinic-zone">${clinic.time_zone}</p>`}</div></div>`;
}

async function changeZone(clinic, zone) {
  await screen.api.patch(`/clinics/${clinic.id}`, { time_zone: zone }).then(() => toast(t("saved")), tellError);
  await loadClinics();
}

function hub(clinic, clinics, parts, open) {
  return html`<div class="pane pane-list">
    <header class="head"><h1 class="head-words" tabindex="-1">${clinics.length > 1 ? t("place.clinic") : clinic.name}</h1></header>
    ${clinics.length > 1 ? html`<div class="field clinic-choice"><label class="unseen" for="clinic-choice">${t("place.clinic")}</label>
      <select class="input" id="clinic-choice" @change=${(event) => go(`/clinic/${event.target.value}`)}>
        ${clinics.map((each) => html`<option value=${each.id} .selected=${each.id === clinic.id}>${each.name}</option>`)}</select></div>` : nothing}
    <nav aria-label=${t("clinic.parts")}>${parts.map(([name, sign]) => html`<a class="item item-part" href="/clinic/${clinic.id}/${name}" aria-current=${name === open ? "page" : nothing}>
      <span class="item-state">${icon(sign)}</span>
      <span><span class="item-title">${t(`clinic.${name}`)}</span><span class="item-preview">${t(`clinic.${name}.hint`)}</span></span>
      <span class="item-side">${icon("chevron-right")}</span></a>`)}</nav>
    ${about(clinic)}
  </div>`;
}
