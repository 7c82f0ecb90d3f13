/** The frame around every screen of someone who is signed in: availability, the four places, the line, the main part. */
import { unreadCount } from "../consult-list.js";
import { availabilitySwitch } from "../parts/availability.js";
import { dialogs } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { lineBar } from "../parts/line-bar.js";
import { offerSheet } from "../parts/offer.js";
import { news } from "../parts/toast.js";
import { t } from "../parts/words.js";
import { screen } from "../screen.js";
import { openShortcuts } from "../shortcuts.js";

const PLACES = [
  ["consults", "messages-square"],
  ["cases", "book-open"],
  ["calls", "phone"],
  ["me", "circle-user"],
];

export const LOGO = new URL("../icons/icon.svg", import.meta.url).pathname;

/** @param {{place: string}} route @param {any} main */
export function frame(route, main) {
  return html`
    <a class="skip" href="#main" @click=${skip}>${t("skip")}</a>
    <div class="app">
      ${demoBanner()}
      <header class="side">
        <a class="brand" href="/consults"><img src=${LOGO} alt="" />Curbside</a>
        ${availabilitySwitch()}
        <nav class="places" aria-label=${t("places")}>${PLACES.map(([name, sign]) => place(name, sign, route.place))}</nav>
        <div class="side-foot only-desk">
          <button class="place place-quiet" type="button" @click=${openShortcuts}>${icon("keyboard")}<span>${t("shortcuts.title")}</span> <kbd class="push">?</kbd></button>
        </div>
      </header>
      ${lineBar()}
      <main class="main" id="main" tabindex="-1">${main}</main>
    </div>
    ${offerSheet()}
    ${dialogs()}
    ${news()}`;
}

function skip(event) {
  event.preventDefault();
  document.querySelector("#main").focus();
}

function place(name, sign, current) {
  const unread = name === "consults" ? unreadCount() : 0;
  return html`<a class="place" href="/${name}" aria-current=${name === current ? "page" : nothing}>
    ${icon(sign)}<span>${t(`place.${name}`)}</span>
    ${unread ? html`<span class="count">${unread > 99 ? "99+" : unread}<span class="unseen"> ${t("consults.unread")}</span></span>` : nothing}
  </a>`;
}

/** What a demo must say on every screen. */
export function demoBanner() {
  if (!screen.demo && !screen.app.session.me?.demo) return nothing;
  return html`<aside class="demo-banner"><p>${t("demo.banner")}</p></aside>`;
}

/** A page outside the app: sign-in, the demo's landing, what is open to all. */
export function front(main, { narrow = false } = {}) {
  return html`
    <a class="skip" href="#main" @click=${skip}>${t("skip")}</a>
    <div class="front">
      <div>
        ${demoBanner()}
        <header class="front-head"><img src=${LOGO} alt="" /><span>Curbside</span></header>
      </div>
      <main class="front-main ${narrow ? "front-narrow" : ""}" id="main" tabindex="-1">${main}</main>
      <footer class="front-foot">
        <a href="/who-knows-what">${t("who.title")}</a>
        <a href="/verify">${t("verify.title")}</a>
      </footer>
    </div>
    ${dialogs()}
    ${news()}`;
}
