/** The place Calls: the list of one's own calls, and beside it (on a phone: instead) what was chosen or is being set up. */
import { callList, loadCalls, loadMoreCalls } from "../call-list.js";
import { isLate, isToRetry } from "../core/call.js";
import { html, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { patientWords } from "../parts/patient-line.js";
import { callout, failure, skeleton, statement } from "../parts/states.js";
import { day, exactIn, hour, t } from "../parts/words.js";
import { screen } from "../screen.js";
import { endText, talkText } from "./call-facts.js";
import { callPane } from "./call.js";
import { setupPane } from "./call-setup.js";

/** @param {{name: string, r?: string}} route */
export function callsPage(route) {
  if (route.name === "call-new") return split(listPane(), setupPane());
  if (route.name === "call") return split(listPane(route.r), callPane(route.r));
  return split(listPane(), nothingChosen(), true);
}

function split(list, detail, listOnly = false) {
  return html`<div class="panes ${listOnly ? "panes-list" : ""}">${list}${detail}</div>`;
}

function listPane(current) {
  if (callList.phase === "idle") loadCalls();
  return html`<div class="pane pane-list">
    <header class="head">
      <h1 class="head-words" tabindex="-1">${t("place.calls")}</h1>
      <a class="btn btn-primary btn-small" href="/calls/new" aria-keyshortcuts="c">${icon("phone")}${t("calls.call")}</a>
    </header>
    ${groups(current)}
  </div>`;
}

function groups(current) {
  const items = [...callList.items.values()].filter((item) => !item.gone && item.at).sort((a, b) => b.at - a.at);
  const { phase } = callList;
  if (!items.length) {
    if (phase === "loading" || phase === "idle") return skeleton(5);
    return phase === "error" ? failure(callList.error, loadCalls) : empty();
  }
  const live = items.filter((item) => item.state === "live");
  const now = screen.app.now();
  const again = items.filter((item) => isToRetry(item, items)).sort((a, b) => a.outcome.retry_at - b.outcome.retry_at);
  const rest = items.filter((item) => !live.includes(item) && !again.includes(item));
  return html`
    ${phase === "error" ? html`<div class="notices">${callout("wait", "refresh-cw", t("state.stale", { time: hour(callList.since || Date.now()) }))}</div>` : nothing}
    ${group(t("calls.live"), live, current)}
    ${group(t("calls.again"), again, current, (item) => retryClock(item, now))}
    ${byDay(rest).map(([name, list]) => group(name, list, current))}
    ${callList.next
      ? html`<p class="page"><button class="btn" type="button" @click=${loadMoreCalls}>${callList.more ? t("state.loading") : t("calls.older")}</button></p>`
      : nothing}`;
}

function byDay(items) {
  const days = new Map();
  for (const item of items) {
    const name = day(item.at);
    days.set(name, [...(days.get(name) ?? []), item]);
  }
  return [...days];
}

function group(title, items, current, side = null) {
  if (!items.length) return nothing;
  return html`<section class="list-group"><h2>${title}</h2>${repeat(items, (item) => item.r, (item) => row(item, current, side))}</section>`;
}

function retryClock(item, now) {
  return html`<span class="item-due ${isLate(item, now) ? "item-clock" : ""}">${icon("calendar-clock")} ${exactIn(item.outcome.retry_at, item.clinic?.time_zone)}</span>`;
}

function row(item, current, side) {
  const live = item.state === "live";
  const talked = talkText(item);
  return html`<a class="item ${signOf(item)[1]}" href="/calls/${item.r}" aria-current=${item.r === current ? "page" : nothing}>
    <span class="item-state">${icon(signOf(item)[0])}</span>
    <span>
      <span class="item-title">${patientWords(item)}</span>
      <span class="item-preview">${live ? t("calls.live.now") : endText(item)}</span>
      ${item.outcome ? html`<span class="item-preview">${t(`outcome.${item.outcome.how}`)}</span>` : nothing}
    </span>
    <span class="item-side">${side ? side(item) : html`<time>${hour(item.at)}</time>`}${talked ? html`<span class="figures">${talked}</span>` : nothing}</span>
  </a>`;
}

/** The sign of how a call stands and its tone; the words beside it say the same. */
function signOf(item) {
  if (item.state === "live") return ["phone-call", "item-open"];
  if (item.state === "refused") return ["circle-x", "item-none"];
  return item.talked_s > 0 ? ["phone-outgoing", "item-done"] : ["phone-off", "item-none"];
}

function empty() {
  return statement({
    icon: "phone",
    title: t("calls.none"),
    text: t("calls.none.text"),
    action: html`<a class="btn btn-primary" href="/calls/new">${icon("phone")}${t("calls.call")}</a>`,
  });
}

function nothingChosen() {
  return html`<div class="pane pane-detail">${statement({ icon: "phone", title: t("calls.choose"), text: t("calls.choose.text") })}</div>`;
}
