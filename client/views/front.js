/** A page outside the app: sign-in, the demo's landing, what is open to all. */
import { dialogs } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { news } from "../parts/toast.js";
import { t } from "../parts/words.js";
import { screen } from "../screen.js";

export const LOGO = new URL("../icons/icon.svg", import.meta.url).pathname;

/** Follow the link that skips to the content. */
export function skip(event) {
  event.preventDefault();
  document.querySelector("#main").focus();
}

/** What a demo must say on every screen. */
export function demoBanner() {
  if (!screen.demo && !screen.app.session.me?.demo) return nothing;
  return html`<aside class="demo-banner"><p>${t("demo.banner")}</p></aside>`;
}

/** @param {any} main @param {{narrow?: boolean}} [how] */
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
