/** The record of a call on a page: which number was shown and how, each leg with its times, and the rules that were asked. */
import { ruleText } from "../core/rules.js";
import { clockText } from "../core/time.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { exact, screenLanguage, t } from "../parts/words.js";
import { screen } from "../screen.js";
import { attestationText } from "./call-number.js";

const STEPS = ["dialing", "ringing", "answered", "confirmed", "ended"];

/** "02:41", or nothing where the two never talked. */
export function talkText({ talked_s: seconds }) {
  return seconds > 0 ? clockText(seconds * 1000) : "";
}

/** Why a call ended or was not made, in the language of the screens where the service's word for it is known. */
export function endText({ reason, says }) {
  const known = ["end", "refused"].map((kind) => [`${kind}.${reason}`, t(`${kind}.${reason}`)]).find(([key, text]) => key !== text);
  return known ? known[1] : says || t("end.unknown");
}

/** @param {object|null} item GET /calls/{r} @param {object} [call] what `foldCall` gave, for what the record has not told yet */
export function callFacts(item, call = null) {
  if (!item?.at) return nothing;
  return html`<section class="section" aria-labelledby="record-title">
    <h2 id="record-title">${t("record.title")}</h2>
    <div class="card stack">
      <dl class="facts">
        ${fact(t("record.started"), exact(item.at))}
        ${fact(t("record.clinic"), item.clinic?.name)}
        ${item.who ? fact(t("record.who"), item.who) : nothing}
        ${fact(t("record.shown"), html`<span class="figures nowrap">${item.shown}</span>`)}
        ${fact(t("record.mode"), item.mode ? t(`mode.${item.mode}`) : "")}
        ${fact(t("record.attestation"), item.attestation ? attestationText(item.attestation) : "")}
        ${fact(t("record.way"), t(`way.${item.way ?? call?.started?.way ?? "callback"}`))}
        ${fact(t("record.talked"), talkText(item) || t("record.talked.none"))}
      </dl>
      ${legs(item)}
      ${decisions(item)}
      <p class="note soft">${icon("lock")} ${t("record.mask")}</p>
    </div>
  </section>`;
}

function fact(name, value) {
  return value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : nothing;
}

function legs({ legs: list = [] }) {
  if (!list.length) return nothing;
  return html`<div class="legs">${list.map((leg) => html`<div>
    <h3>${t(`lane.${leg.side}`)}${leg.n > 1 ? html` <span class="soft">${t("record.attempt", { count: leg.n })}</span>` : nothing}</h3>
    <dl class="times">${STEPS.filter((step) => leg[`${step}_at`]).map((step) => html`<div>
      <dt>${t(stepKey(leg, step))}</dt><dd class="figures">${seconds(leg[`${step}_at`])}</dd></div>`)}</dl>
  </div>`)}</div>`;
}

/** Who speaks over a browser has pressed nothing: the sound is there. */
function stepKey(leg, step) {
  if (step === "ended" && leg.cause) return `leg.ended.${leg.cause}`;
  return step === "confirmed" && leg.way === "webrtc" ? "leg.confirmed.webrtc" : `leg.${step}.${leg.side}`;
}

/** With seconds: what is compared with a carrier's own list. */
function seconds(ms) {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: screen.app.session.me?.time_zone,
  }).format(ms);
}

function decisions({ decisions: list = [] }) {
  const texts = list.map((one) => ruleText(one, t, screenLanguage())).filter(Boolean);
  if (!texts.length) return nothing;
  return html`<details class="more"><summary>${t("record.rules")}</summary>
    <ul class="bullets note soft">${texts.map((text) => html`<li>${text}</li>`)}</ul></details>`;
}
