/** The list: offers to oneself, what waits, what is open, what has ended; beside it the consult that is open. */
import { consultList, loadConsults, loadMoreConsults, unreadOf } from "../consult-list.js";
import { specialtyName } from "../fields.js";
import { html, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { showOffer, standingOffers } from "../parts/offer.js";
import { standing, stateSign, urgencyPill } from "../parts/pills.js";
import { callout, failure, skeleton, statement } from "../parts/states.js";
import { errorText, hour, t } from "../parts/words.js";
import { screen } from "../screen.js";

/** The left pane on a desk, the whole screen on a phone. @param {string|undefined} current the consult beside it */
export function listPane(current) {
  if (consultList.phase === "idle") loadConsults();
  return html`<div class="pane pane-list">
    <header class="head">
      <h1 class="head-words" tabindex="-1">${t("consults.title")}</h1>
      ${screen.app.session.me?.clinical === false ? nothing
        : html`<a class="btn btn-primary btn-small" href="/consults/ask" aria-keyshortcuts="a">${icon("plus")}${t("consults.ask")}</a>`}
    </header>
    ${groups(current)}
  </div>`;
}

function groups(current) {
  const items = [...consultList.items.values()].filter((item) => !item.gone);
  const pending = pendingAsks();
  const offers = standingOffers();
  const { phase } = consultList;
  if (!items.length && !pending.length && !offers.length) {
    if (phase === "loading" || phase === "idle") return skeleton(5);
    if (phase === "error") return failure(consultList.error, loadConsults);
    return empty();
  }
  const of = (...states) => items.filter((item) => states.includes(item.state)).sort(newestFirst);
  return html`
    ${phase === "error" ? stale() : nothing}
    ${offers.length ? group(t("consults.offers"), repeat(offers, (one) => one.offer, offerItem)) : nothing}
    ${pending.length ? group(t("consults.kept"), repeat(pending, (one) => one.c, pendingItem)) : nothing}
    ${listed(t("consults.waiting"), of("waiting"), current)}
    ${listed(t("consults.open"), of("open"), current)}
    ${listed(t("consults.ended"), of("ended"), current)}
    ${consultList.next
      ? html`<p class="page"><button class="btn" type="button" @click=${loadMoreConsults}>
          ${consultList.more ? t("state.loading") : t("consults.older")}</button></p>`
      : nothing}`;
}

function lastAt(item) {
  return item.ended_at || item.opened_at || item.asked_at;
}

function newestFirst(a, b) {
  return lastAt(b) - lastAt(a);
}

function group(title, content) {
  return html`<section class="list-group"><h2>${title}</h2>${content}</section>`;
}

function listed(title, items, current) {
  return items.length ? group(title, repeat(items, (item) => item.r, (item) => row(item, current))) : nothing;
}

function row(item, current) {
  const { sign, tone } = stateSign(item);
  const unread = unreadOf(item);
  return html`<a class="item ${tone} ${unread ? "item-unread" : ""}" href="/consults/${item.r}"
      aria-current=${item.r === current ? "page" : nothing}>
    <span class="item-state">${sign}</span>
    <span>
      <span class="item-title">${specialtyName(item.specialty)}</span>
      <span class="item-preview" dir="auto">${item.question || t("msg.erased")}</span>
      <span class="unseen">${t(`state.${standing(item)}`)}</span>
      ${item.outdated && item.state === "ended" ? html`<span class="pill pill-wait">${icon("history")}${t("consults.outdated")}</span>` : nothing}
    </span>
    <span class="item-side">
      ${item.state === "waiting"
        ? html`<span class="item-clock"><span class="unseen">${t("consults.left")} </span><cb-countdown .at=${item.ends_at}></cb-countdown></span>`
        : html`<cb-ago .at=${lastAt(item)}></cb-ago>`}
      ${unread ? html`<span class="count">${unread}<span class="unseen"> ${t("consults.unread")}</span></span>` : nothing}
    </span>
  </a>`;
}

function offerItem(offer) {
  return html`<button class="item item-button item-waiting" type="button" @click=${() => showOffer(offer)}>
    <span class="item-state">${icon("bell")}</span>
    <span>
      <span class="item-title">${specialtyName(offer.specialty)} ${urgencyPill(offer.urgency)}</span>
      <span class="item-preview" dir="auto">${offer.question}</span>
    </span>
    <span class="item-side"><cb-countdown class="item-clock" .at=${offer.expires_at}></cb-countdown></span>
  </button>`;
}

function pendingAsks() {
  return screen.app.outbox().filter((one) => one.r === "me" && one.k === "consult.ask");
}

function pendingItem(one) {
  const failed = one.state === "failed";
  return html`<div class="item ${failed ? "item-none" : "item-waiting"}">
    <span class="item-state">${icon(failed ? "circle-alert" : "clock")}</span>
    <span>
      <span class="item-title">${specialtyName(one.d.specialty)}</span>
      <span class="item-preview" dir="auto">${one.d.question}</span>
      <span class="note ${failed ? "" : "soft"}">${failed ? errorText(one.failure) : t("ask.kept")}</span>
      ${failed
        ? html`<span class="row"><button class="btn btn-small" type="button" @click=${() => screen.app.retry(one.c)}>${t("state.again")}</button>
            <button class="btn btn-small btn-danger" type="button" @click=${() => screen.app.drop(one.c)}>${t("msg.drop")}</button></span>`
        : nothing}
    </span>
  </div>`;
}

function stale() {
  return html`<div class="notices">${callout("wait", "refresh-cw", t("state.stale", { time: hour(consultList.since || Date.now()) }))}</div>`;
}

function empty() {
  if (screen.app.session.me.clinical === false) {
    return statement({ icon: "messages-square", title: t("consults.empty"), text: t("consults.empty.other") });
  }
  return statement({
    icon: "messages-square",
    title: t("consults.empty"),
    text: t("consults.empty.text"),
    action: html`<a class="btn btn-primary" href="/consults/ask">${icon("plus")}${t("consults.ask")}</a>`,
  });
}

/** The right pane while no consult is chosen; phones do not see it. */
export function nothingChosen() {
  return html`<div class="pane pane-detail">${statement({
    icon: "message-square",
    title: t("consults.choose"),
    text: t("consults.choose.text"),
  })}</div>`;
}
