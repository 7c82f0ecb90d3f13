/** While a question waits: the clock, each ring, what happens when it runs out. When nobody took it: what to do next. */
import { specialtyInSentence } from "../fields.js";
import { confirmDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { tellError } from "../parts/toast.js";
import { exact, t } from "../parts/words.js";
import { screen } from "../screen.js";
import { askAgain } from "./ask.js";

const RINGS = [1, 2, 3];

/** The newest `consult.ringing` of a stream, or what the list knows. */
export function ringOf(view, item) {
  const rings = (view?.items || []).filter((one) => one.k === "consult.ringing");
  const last = rings[rings.length - 1];
  return { ring: last?.d.ring ?? item.ring ?? 1, nextAt: last?.d.next_at ?? null, endsAt: last?.d.ends_at ?? item.ends_at, since: rings };
}

/** The card at the top of a waiting consult of one's own. */
export function waitingCard(item, view) {
  const { ring, nextAt, endsAt, since } = ringOf(view, item);
  const specialty = specialtyInSentence(item.specialty);
  return html`<section class="waiting" aria-label=${t("waiting.title")}>
    <div class="waiting-clock">
      <p class="strong">${t(`waiting.ring.${ring}`, { specialty })}</p>
      <cb-countdown class="clock" role="timer" .at=${endsAt}></cb-countdown>
      <p class="note">${t("waiting.runs_out", { time: exact(endsAt) })}</p>
    </div>
    ${item.urgency === "now" ? callout("end", "triangle-alert", html`<b>${t("ask.danger")}</b>`) : nothing}
    <ol class="rings">${RINGS.map((number) => ringRow(number, ring, nextAt, specialty, since))}</ol>
    <div class="row">
      <button class="btn btn-danger" type="button" @click=${() => withdraw(item.r)}>${t("waiting.withdraw")}</button>
      <span class="note soft">${t("waiting.leave_screen")}</span>
    </div>
  </section>`;
}

function ringRow(number, ring, nextAt, specialty, since) {
  const state = number < ring ? "past" : number === ring ? "now" : "next";
  const began = since.find((one) => one.d.ring === number);
  return html`<li class="ring ring-${state}" aria-current=${state === "now" ? "step" : nothing}>
    <span class="ring-mark">${state === "past" ? icon("check") : number}</span>
    <span>${t(`waiting.step.${number}`, { specialty })}</span>
    <span class="note">${began ? html`<time>${exact(began.ts)}</time>` : number === ring + 1 && nextAt
      ? html`${t("waiting.in")} <cb-countdown .at=${nextAt}></cb-countdown>` : nothing}</span>
  </li>`;
}

async function withdraw(r) {
  const yes = await confirmDialog({ title: t("withdraw.title"), text: t("withdraw.text"), yes: t("waiting.withdraw"), danger: true });
  if (!yes) return;
  screen.app.publish(r, "consult.withdraw", {}).promise.catch(tellError);
}

const ADVICE_SIGNS = { emergency_team: "triangle-alert", on_call: "phone", ask_today: "clock", ask_related: "user-plus", ask_again: "rotate-ccw" };

/** What to do next when nobody took it, or it ended without a reply. */
export function nobodyCard(item, question) {
  const specialty = specialtyInSentence(item.specialty);
  const later = item.urgency === "now";
  return html`<section class="stack" aria-label=${t("nobody.title")}>
    ${callout("end", "circle-x", html`<h2>${t(item.end === "nobody" ? "nobody.title" : "no_reply.title")}</h2><p>${t("nobody.text", { specialty })}</p>`)}
    <h2>${t("nobody.next")}</h2>
    <ul class="advice">${(item.advice || []).map((one) => html`<li>${icon(ADVICE_SIGNS[one.code] || "info")}<span>${adviceText(one)}</span></li>`)}</ul>
    <div class="row">
      <button class="btn btn-primary" type="button" @click=${() => askAgain({ ...item, question }, later ? "today" : item.urgency)}>
        ${icon("rotate-ccw")}${later ? t("nobody.ask_today") : t("nobody.ask_again")}</button>
    </div>
  </section>`;
}

function adviceText({ code, text }) {
  const key = `advice.${code}`;
  const words = t(key);
  return words === key ? text : words;
}
