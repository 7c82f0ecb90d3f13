/** The conversation: bubbles, happenings, days, and what became of each message of one's own. */
import { html, keyed, nothing, repeat } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { hueOf, monogram } from "../parts/monogram.js";
import { menu } from "../parts/menu.js";
import { tellError, toast } from "../parts/toast.js";
import { confirmDialog } from "../parts/dialog.js";
import { day, errorText, hour, t } from "../parts/words.js";
import { remember, screen } from "../screen.js";
import { editFailed, editSent } from "./composer.js";
import { report } from "./consult-actions.js";
import { happening } from "./happenings.js";
import { scrolled } from "./scroll.js";

const RUN_MS = 5 * 60_000;

/** Pseudonym to badge, from the participants and from who joined. */
function badgesOf(item, view) {
  const badges = {};
  for (const one of [...(item.others || []), ...(item.participants || [])]) badges[one.name] = one.badge;
  for (const one of view.items) if (one.k === "consult.joined" && one.u && one.d.badge) badges[one.u] = one.d.badge;
  return badges;
}

/** The read cursor when the consult was opened: the line "new" stays where it was. */
function openedAt(view) {
  const kept = remember(`opened/${view.r}`, () => ({ at: null }));
  if (kept.at === null && view.phase === "live") kept.at = view.unread ? view.read : Infinity;
  return kept.at ?? Infinity;
}

/** @param {object} item the consult @param {object} view its stream @param {{question: any, waiting: any}} around */
export function conversation(item, view, { question, waiting }) {
  const rows = arrange(view, item, openedAt(view));
  const badges = badgesOf(item, view);
  return html`<div class="scroll" data-r=${view.r} data-first=${view.items[0]?.id ?? ""} tabindex="0" role="region"
      aria-label=${t("consult.conversation")} @scroll=${scrolled}>
    <div class="scroll-inner">
      ${view.older ? html`<p class="happening">${view.loadingOlder ? t("consult.loading_older") : t("consult.older_above")}</p>` : question}
      ${waiting}
      <div role="log" aria-live="off" class="log">
        ${repeat(rows, (row) => row.key, (row) => drawRow(row, item, view, badges))}
      </div>
    </div>
  </div>`;
}

/** The question has a place of its own, and while one waits so have the rings. */
function quiet(one, item) {
  return one.k === "consult.asked" || (one.k === "consult.ringing" && item.state === "waiting" && item.mine);
}

/** Items to rows: days, the "new" line, happenings, and which message begins or ends a run of one person. */
function arrange(view, item, fresh) {
  const rows = [];
  let lastDay = "";
  let before = null;
  let marked = false;
  for (const one of view.items) {
    const date = day(one.ts);
    if (date !== lastDay) {
      rows.push({ key: `day/${date}`, kind: "day", text: date });
      lastDay = date;
      before = null;
    }
    if (!marked && one.s && one.s > fresh && !one.mine) {
      rows.push({ key: "new", kind: "new" });
      marked = true;
      before = null;
    }
    if (one.k !== "message") {
      if (!quiet(one, item)) rows.push({ key: one.id, kind: "happening", one });
      before = null;
      continue;
    }
    const first = !before || before.u !== one.u || before.mine !== one.mine || one.ts - before.ts > RUN_MS;
    rows.push({ key: one.id, kind: "message", one, first });
    before = one;
  }
  const mine = rows.filter((row) => row.kind === "message" && row.one.mine);
  if (mine.length) mine[mine.length - 1].last = true;
  return rows;
}

function drawRow(row, item, view, badges) {
  if (row.kind === "day") return html`<h2 class="day">${row.text}</h2>`;
  if (row.kind === "new") return html`<p class="happening new-line"><b>${t("consult.new")}</b></p>`;
  if (row.kind === "happening") return happening(row.one, item, view);
  return message(row, item, view, badges);
}

function message({ one, first, last }, item, view, badges) {
  const classes = ["msg", `hue-${hueOf(view.r, one.u || "")}`];
  if (first) classes.push("msg-first");
  if (one.mine) classes.push("msg-mine");
  if (one.removed) classes.push("msg-removed");
  if (one.state === "waiting" || one.state === "sending") classes.push("msg-waiting");
  if (one.state === "failed") classes.push("msg-failed");
  return html`<article class=${classes.join(" ")} aria-label=${labelOf(one)}>
    ${first && !one.mine
      ? html`${monogram(view.r, one.u || "")}<div class="msg-who"><b>${one.u}</b><span>${badges[one.u] || ""}</span></div>`
      : nothing}
    <div class="msg-body">
      ${actions(one, item)}
      <div class="bubble" @click=${openOnTouch}>
        ${one.removed
          ? html`<p class="bubble-text">${goneText(one)}</p>`
          : html`<p class="bubble-text" dir="auto">${one.d.text}</p>`}
        <p class="msg-meta"><time>${hour(one.ts)}</time>${changeOf(one)}${status(one, last)}</p>
      </div>
      ${failureOf(one, item)}
    </div>
  </article>`;
}

function goneText(one) {
  if (one.erased) return t("msg.erased");
  return one.mine ? t("msg.removed_mine") : t("msg.removed");
}

function labelOf(one) {
  const who = one.mine ? t("msg.you") : one.u;
  return `${who}, ${hour(one.ts)}`;
}

function changeOf(one) {
  if (one.pendingChange) return html`<span>${one.pendingChange.state === "failed" ? errorText(one.pendingChange.failure) : t("msg.changing")}</span>`;
  if (!one.changed) return nothing;
  const time = hour(one.changed.at);
  if (one.changed.afterRead) return html`<span class="msg-changed">${t(`msg.${one.changed.how}_after_read`, { time })}</span>`;
  return one.removed ? nothing : html`<span>${t("msg.edited", { time })}</span>`;
}

const STATUS = { waiting: "clock", sending: "clock", sent: "check", read: "check-check", failed: "circle-alert" };

function status(one, last) {
  if (!one.mine || !STATUS[one.state] || one.removed) return nothing;
  const words = t(`msg.${one.state}`);
  const shown = last || one.state === "waiting" || one.state === "failed";
  return html`<span class="msg-status">${icon(STATUS[one.state])}<span class=${shown ? "" : "unseen"}>${words}</span></span>`;
}

function failureOf(one, item) {
  if (one.state !== "failed") return nothing;
  return html`<div class="callout callout-end" role="group" aria-label=${t("msg.failed")}>${icon("circle-alert")}<div class="stack stack-tight">
    <p>${errorText(one.failure)}</p>
    <div class="row">
      <button class="btn btn-small" type="button" @click=${() => editFailed(item.r, one)}>${icon("pencil")}${t("msg.edit")}</button>
      ${one.failure?.code === "gate" ? nothing : html`<button class="btn btn-small" type="button" @click=${() => screen.app.retry(one.c)}>${t("state.again")}</button>`}
      <button class="btn btn-small btn-danger" type="button" @click=${() => screen.app.drop(one.c)}>${t("msg.drop")}</button>
    </div>
  </div></div>`;
}

function actions(one, item) {
  if (one.removed || one.state === "failed") return nothing;
  const unsent = one.s === null || one.s === undefined;
  const items = [
    { icon: "copy", text: t("copy"), act: () => copy(one.d.text) },
    one.mine && !unsent ? { icon: "pencil", text: t("msg.edit"), act: () => editSent(item.r, one) } : null,
    one.mine && !unsent ? { icon: "trash-2", text: t("msg.remove"), act: () => remove(item.r, one), danger: true } : null,
    one.mine && unsent && one.canEdit ? { icon: "pencil", text: t("msg.edit"), act: () => editFailed(item.r, one) } : null,
    one.mine && unsent && one.canDrop ? { icon: "trash-2", text: t("msg.drop"), act: () => screen.app.drop(one.c), danger: true } : null,
    one.mine ? null : { icon: "flag", text: t("report"), act: () => report(item, one.s), danger: true },
  ];
  return html`<div class="msg-actions">${menu({ label: t("msg.actions", { who: labelOf(one) }), up: true }, items)}</div>`;
}

function openOnTouch(event) {
  if (matchMedia("(hover: hover)").matches || !getSelection().isCollapsed) return;
  const details = event.currentTarget.parentElement.querySelector("details.menu");
  if (!details) return;
  event.stopPropagation();
  details.open = true;
  details.querySelector(".menu-item")?.focus({ preventScroll: true });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    toast(t("copy.failed"));
  }
}

async function remove(r, one) {
  const yes = await confirmDialog({ title: t("msg.remove.title"), text: t("msg.remove.text"), yes: t("msg.remove"), danger: true });
  if (yes) screen.app.publish(r, "redact", { target: one.s }).promise.catch(tellError);
}

/** "Someone is typing", below the conversation; the space stays, so that nothing jumps. */
export function typingLine(view) {
  return html`<p class="typing-line">${view.someoneTyping
    ? keyed("typing", html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("consult.typing")}`)
    : nothing}</p>`;
}
