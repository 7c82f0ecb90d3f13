/** One consult: its head, the conversation, what waits or has ended, and where one writes. */
import { consultOf, refreshConsult } from "../consult-list.js";
import { languageName, specialtyName } from "../fields.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { menu } from "../parts/menu.js";
import { statePill, urgencyPill } from "../parts/pills.js";
import { callout, failure, skeleton, statement } from "../parts/states.js";
import { exact, t } from "../parts/words.js";
import { remember, screen } from "../screen.js";
import { actionsOf, askReopen, closeConsult, mayReopen } from "./consult-actions.js";
import { composer } from "./composer.js";
import { conversation, typingLine } from "./conversation.js";
import { toNewest } from "./scroll.js";
import { nobodyCard, ringOf, waitingCard } from "./waiting.js";

/** Follow one consult's stream while it is on the screen, and only then. @param {string|null} r */
export function followConsult(r) {
  const following = remember("following", () => ({ r: null }));
  if (following.r === r) return;
  if (following.r) screen.app.unsubscribe(following.r);
  following.r = r;
  if (r) {
    screen.app.subscribe(r);
    refreshConsult(r);
  }
}

/** The right pane on a desk, the whole screen on a phone. @param {string} r */
export function consultPane(r) {
  const item = consultOf(r);
  const view = screen.app.stream(r);
  return html`<div class="pane pane-detail">${content(r, item, view)}</div>`;
}

function content(r, item, view) {
  if (item?.gone || view?.phase === "gone") return gone();
  if (view?.phase === "error") return [plainHead(), failure(view.error, () => screen.app.reload(r))];
  if (!item || !view || (view.phase === "loading" && !view.items.length)) return [plainHead(), skeleton(6)];
  return html`<div class="consult">
    ${head(item, view)}
    <div class="notices">${notices(item, view)}</div>
    ${conversation(item, view, {
      question: questionBlock(item, view),
      waiting: item.state === "waiting" && item.mine ? waitingCard(item, view) : nothing,
    })}
    <div class="foot">${toNewest(view)}${typingLine(view)}${foot(item, view)}</div>
  </div>`;
}

function backLink() {
  return html`<a class="icon-btn only-phone" href="/consults" aria-label=${t("back")}>${icon("arrow-left")}</a>`;
}

function plainHead() {
  return html`<header class="head">${backLink()}<h1 tabindex="-1">${t("consult.title")}</h1></header>`;
}

function gone() {
  return [plainHead(), statement({
    icon: "lock",
    title: t("consult.gone"),
    text: t("consult.gone.text"),
    action: html`<a class="btn" href="/consults">${t("consult.gone.back")}</a>`,
  })];
}

/** The other side as a line: badge, and whether someone is here. */
function otherSide(item, view) {
  if (item.state === "waiting") return html`<span>${t("state.waiting")}</span>`;
  const people = (item.participants || []).filter((one) => one.name !== (view.me || item.me) && !one.left);
  const others = people.length ? people : item.others || [];
  const first = others[0];
  if (!first) return statePill(item);
  const names = others.length > 1 ? t("consult.and_more", { name: first.name, count: others.length - 1 }) : first.name;
  return html`${view.someoneHere ? html`<span class="here-dot" aria-hidden="true"></span>` : nothing}
    <span class="head-names">${first.badge && others.length === 1 ? html`${first.badge} · ${names}` : names}${view.someoneHere ? html` · ${t("consult.here")}` : nothing}</span>`;
}

function head(item, view) {
  const open = item.state === "open";
  return html`<header class="head">
    ${backLink()}
    <div class="head-words">
      <h1 class="head-title" tabindex="-1"><span>${specialtyName(item.specialty)}</span>
        <span class="clock soft note">${headClock(item, view)}</span></h1>
      <p class="head-sub">${otherSide(item, view)}</p>
    </div>
    ${open ? html`<button class="btn btn-small" type="button" @click=${() => closeConsult(item)}>${t("consult.close")}</button>` : nothing}
    ${menu({ label: t("consult.more") }, actionsOf(item, view))}
  </header>`;
}

function headClock(item, view) {
  if (item.state === "waiting") {
    return html`<span class="item-clock"><cb-countdown .at=${ringOf(view, item).endsAt}></cb-countdown></span>`;
  }
  return html`<cb-ago .at=${item.asked_at}></cb-ago>`;
}

/** The list has a preview; the whole question stands in the stream. */
function wholeQuestion(item, view) {
  return view.items.find((one) => one.k === "consult.asked")?.d.question ?? item.question;
}

function questionBlock(item, view) {
  return html`<section class="question" aria-label=${t("consult.question")}>
    <div class="row">${urgencyPill(item.urgency)}<span class="pill">${icon("languages")}${languageName(item.language)}</span>
      <span class="note faint push">${item.mine ? t("consult.you_asked") : nothing} <time>${exact(item.asked_at)}</time></span></div>
    <p class="question-text" dir="auto" lang=${item.language}>${wholeQuestion(item, view) || t("msg.erased")}</p>
  </section>`;
}

function notices(item, view) {
  const shown = [];
  if (view.missing) shown.push(callout("wait", "refresh-cw", t("consult.missing", { count: view.missing }), "status"));
  const reply = replyDue(item, view);
  if (reply) shown.push(callout("wait", "clock", replyText(item, reply)));
  if (item.reopen_asked && item.state === "ended") shown.push(reopenNotice(item, item.reopen_asked_by_me));
  return shown;
}

/** On "now" a first reply is due: until when, or null. */
function replyDue(item, view) {
  if (item.state !== "open" || !(item.reply_due_at > screen.app.now())) return null;
  const joined = view.items.findLast((one) => one.k === "consult.joined")?.s ?? 0;
  const replied = view.items.some((one) => one.k === "message" && one.s > joined && one.mine !== item.mine);
  return replied ? null : item.reply_due_at;
}

function replyText(item, reply) {
  const clock = html`<b class="clock"><cb-countdown .at=${reply}></cb-countdown></b>`;
  if (item.mine) return html`${t("consult.first_reply.asker")} ${clock}`;
  return html`${t("consult.first_reply")} ${clock}, ${t("consult.first_reply.then")}`;
}

function reopenNotice(item, mine) {
  if (mine) return callout("info", "rotate-ccw", t("reopen.waiting"), "status");
  return callout("info", "rotate-ccw", html`<b>${t("reopen.asked")}</b>
    <p class="row"><button class="btn btn-primary btn-small" type="button" @click=${() => askReopen(item)}>${t("reopen.agree")}</button>
    <span class="note soft">${t("reopen.ignore")}</span></p>`);
}

function foot(item, view) {
  if (item.state === "ended") return ended(item, view);
  if (view.phase === "closed") return nothing;
  return composer(item, view);
}

function ended(item, view) {
  if (item.mine && (item.end === "nobody" || item.end === "no_reply")) {
    return html`<div class="ended ended-tall">${nobodyCard(item, wholeQuestion(item, view))}${endedActions(item)}</div>`;
  }
  return html`<div class="ended">
    ${callout(item.end === "answered" ? "done" : "", item.end === "answered" ? "circle-check" : "info", html`<b>${item.end === "answered" && item.outcome ? t(`outcome.${item.outcome}`) : t(`ended.${item.end || "answered"}`)}</b>
      ${item.outdated ? html`<p>${t("summary.outdated")}</p>` : nothing}`)}
    ${endedActions(item)}
  </div>`;
}

function endedActions(item) {
  if (item.end === "withdrawn" || item.end === "nobody") return nothing;
  return html`<div class="row">
    <a class="btn btn-primary" href="/consults/${item.r}/summary">${icon("file-text")}${t("summary.title")}</a>
    ${mayReopen(item) && !item.reopen_asked
      ? html`<button class="btn" type="button" @click=${() => askReopen(item)}>${icon("rotate-ccw")}${t("reopen.ask")}</button>
          <span class="note soft">${t("reopen.until", { time: exact(item.reopen_until) })}</span>`
      : nothing}
  </div>`;
}
