/** The frame around every screen of someone who is signed in: availability, the four places, the line, the main part. */
import { runClinics } from "../clinic-list.js";
import { unreadCount } from "../consult-list.js";
import { availabilitySwitch } from "../parts/availability.js";
import { callBar } from "../parts/call-bar.js";
import { dialogs } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { lineBar } from "../parts/line-bar.js";
import { offerSheet } from "../parts/offer.js";
import { news } from "../parts/toast.js";
import { t } from "../parts/words.js";
import { screen } from "../screen.js";
import { openShortcuts } from "../shortcuts.js";
import { demoBanner, LOGO, skip } from "./front.js";

const PLACES = [
  ["consults", "messages-square"],
  ["cases", "book-open"],
  ["calls", "phone"],
  ["clinic", "building-2"],
  ["platform", "chart-column"],
  ["me", "circle-user"],
];

/** The place Clinic is for those who run one, the place Platform for the platform team. */
function places() {
  const open = { clinic: runClinics().length > 0, platform: screen.app.session.me?.staff === true };
  return PLACES.filter(([name]) => open[name] !== false);
}

/** @param {{place: string}} route @param {any} main */
export function frame(route, main) {
  return html`
    <a class="skip" href="#main" @click=${skip}>${t("skip")}</a>
    <div class="app">
      ${demoBanner()}
      <header class="side">
        <a class="brand" href="/consults"><img src=${LOGO} alt="" />Curbside</a>
        ${availabilitySwitch()}
        <nav class="places" aria-label=${t("places")}>${places().map(([name, sign]) => place(name, sign, route.place))}</nav>
        <div class="side-foot only-desk">
          <button class="place place-quiet" type="button" @click=${openShortcuts}>${icon("keyboard")}<span>${t("shortcuts.title")}</span> <kbd class="push">?</kbd></button>
        </div>
      </header>
      <div class="bars">${lineBar()}${callBar(route)}</div>
      <main class="main" id="main" tabindex="-1">${main}</main>
    </div>
    ${offerSheet()}
    ${dialogs()}
    ${news()}`;
}

function place(name, sign, current) {
  const unread = name === "consults" ? unreadCount() : 0;
  return html`<a class="place" href="/${name}" aria-current=${name === current ? "page" : nothing}>
    ${icon(sign)}<span>${t(`place.${name}`)}</span>
    ${unread ? html`<span class="count">${unread > 99 ? "99+" : unread}<span class="unseen"> ${t("consults.unread")}</span></span>` : nothing}
  </a>`;
}
