/**
 * The offer: a sheet over whatever is open, with its clock. It takes no focus and no typed text: while someone writes on
 * a phone it stays small at the top until it is touched.
 */
import { languageName, specialtyName } from "../fields.js";
import { go } from "../router.js";
import { remember, screen, update } from "../screen.js";
import { html, keyed, nothing } from "./html.js";
import { icon } from "./icon.js";
import { urgencyPill } from "./pills.js";
import { announce, toast } from "./toast.js";
import { errorText, t } from "./words.js";

const GONE_MS = 8000;

const memory = () => remember("offers", () => ({ later: new Set(), acting: new Map(), gone: null, whole: new Set() }));

/** A new offer came. */
export function offerCame(offer) {
  announce(t("offer.came", { specialty: specialtyName(offer.specialty) }));
  update();
}

/** An offer ended by someone else's doing: say so for a moment, if it was on the screen. */
export function offerWent({ offer, why }) {
  const { acting, later } = memory();
  const last = memory().shown;
  if ((why === "taken" || why === "expired" || why === "withdrawn") && !acting.has(offer) && !later.has(offer) && last?.offer === offer) {
    showGone({ ...last, why });
  }
  update();
}

function showGone(gone) {
  memory().gone = gone;
  memory().shown = null;
  announce(t(`offer.gone.${gone.why}`));
  setTimeout(() => {
    if (memory().gone === gone) memory().gone = null;
    update();
  }, GONE_MS);
  update();
}

/** Take the offer and go to the consult. @param {object} offer */
export async function acceptOffer(offer) {
  const { acting } = memory();
  if (acting.has(offer.offer)) return;
  acting.set(offer.offer, "accept");
  update();
  try {
    const { r } = await screen.app.publish("me", "offer.accept", { offer: offer.offer }).promise;
    go(`/consults/${r}`);
  } catch (error) {
    if (/taken|gone|expired|not_found|closed/.test(error.code || "")) showGone({ ...offer, why: goneBy(error.code) });
    else toast(errorText(error));
  } finally {
    acting.delete(offer.offer);
    update();
  }
}

function goneBy(code) {
  return /expired/.test(code) ? "expired" : /withdrawn/.test(code) ? "withdrawn" : "taken";
}

/** Say no. @param {object} offer @param {"not_now"|"not_my_field"} why */
export async function declineOffer(offer, why) {
  const { acting } = memory();
  if (acting.has(offer.offer)) return;
  acting.set(offer.offer, why);
  memory().shown = null;
  update();
  try {
    await screen.app.publish("me", "offer.decline", { offer: offer.offer, why }).promise;
  } catch {
    // It has gone already: what was wanted.
  }
  acting.delete(offer.offer);
  update();
}

/** Offers as the list shows them, those put aside included. */
export function standingOffers() {
  const { acting } = memory();
  return screen.app.offers().filter((one) => one.expires_at > screen.app.now() && !["not_now", "not_my_field"].includes(acting.get(one.offer)));
}

/** Bring an offer back that was put aside. */
export function showOffer(offer) {
  memory().later.delete(offer.offer);
  memory().whole.add(offer.offer);
  memory().wanted = true;
  update();
}

/** After a drawing: who asked for the offer by a key or a touch is taken to it; no one else is. */
export function settleOffer() {
  if (!memory().wanted) return;
  const accept = document.querySelector(".offer .btn-primary");
  if (!accept) return;
  memory().wanted = false;
  accept.focus();
}

function writing() {
  const active = document.activeElement;
  return Boolean(active?.matches?.("textarea, input:not([type=radio]):not([type=checkbox])")) && matchMedia("(max-width: 44.99rem)").matches;
}

/** Drawn by the frame. */
export function offerSheet() {
  const { later, gone, whole } = memory();
  const standing = standingOffers().filter((one) => !later.has(one.offer));
  if (!standing.length) {
    Object.assign(memory(), { shown: null, wanted: false });
    return gone ? html`<div class="offers">${goneSheet(gone)}</div>` : nothing;
  }
  const offer = standing[0];
  memory().shown = offer;
  const small = writing() && !whole.has(offer.offer);
  return html`<div class="offers ${small ? "offers-small" : ""}">
    ${keyed(offer.offer, small ? smallSheet(offer) : sheet(offer, standing.length - 1))}
  </div>`;
}

function clock(offer) {
  return html`<cb-countdown class="clock" .at=${offer.expires_at} @run-out=${() => showGone({ ...offer, why: "expired" })}></cb-countdown>`;
}

function sheet(offer, more) {
  const acting = memory().acting.get(offer.offer);
  return html`<section class="offer" role="region" aria-labelledby="offer-title" aria-keyshortcuts="o">
    <div class="offer-head">
      <div><h2 id="offer-title" tabindex="-1">${t("offer.title", { specialty: specialtyName(offer.specialty) })}</h2></div>
      <div class="offer-clock">${clock(offer)}<small>${t("offer.left")}</small></div>
      <button class="icon-btn" type="button" aria-label=${t("offer.later")} title=${t("offer.later")}
        @click=${() => { memory().later.add(offer.offer); update(); }}>${icon("chevron-down")}</button>
    </div>
    <div class="row">${urgencyPill(offer.urgency)}<span class="pill">${icon("languages")}${languageName(offer.language)}</span>
      ${more ? html`<span class="note soft">${t("offer.more", { count: more })}</span>` : nothing}</div>
    <p class="offer-question" dir="auto">${offer.question}</p>
    <div class="offer-actions">
      <button class="btn btn-primary" type="button" aria-busy=${acting === "accept" ? "true" : "false"}
        @click=${() => acceptOffer(offer)}>${acting === "accept" ? t("offer.accepting") : t("offer.accept")}</button>
      <button class="btn" type="button" @click=${() => declineOffer(offer, "not_now")}>${t("offer.not_now")}</button>
      <button class="btn" type="button" @click=${() => declineOffer(offer, "not_my_field")}>${t("offer.not_my_field")}</button>
    </div>
    <p class="small faint">${t("offer.what_then")}</p>
  </section>`;
}

function smallSheet(offer) {
  const open = () => {
    memory().whole.add(offer.offer);
    document.activeElement?.blur();
    update();
  };
  return html`<section class="offer offer-small" role="region" aria-labelledby="offer-title">
    <p id="offer-title"><b>${t("offer.title", { specialty: specialtyName(offer.specialty) })}</b> · ${clock(offer)}</p>
    <button class="btn btn-small" type="button" @pointerdown=${(event) => event.preventDefault()} @click=${open}>${t("offer.look")}</button>
  </section>`;
}

function goneSheet(gone) {
  return html`<section class="offer offer-gone" role="region" aria-labelledby="offer-title">
    <div class="offer-head">
      <div><h2 id="offer-title">${t(`offer.gone.${gone.why}`)}</h2><p class="soft">${t(`offer.gone.${gone.why}.text`)}</p></div>
      <button class="icon-btn" type="button" aria-label=${t("dismiss")} @click=${() => { memory().gone = null; update(); }}>${icon("x")}</button>
    </div>
  </section>`;
}
