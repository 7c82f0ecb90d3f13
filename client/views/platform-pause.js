/** Platform: the pause of all calls, for the platform team. Who, since when and why stays as a row of the service. */
import { openDialog, confirmDialog } from "../parts/dialog.js";
import { carryOut, wrong } from "../parts/form-work.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { loaded, reload, shown } from "../parts/loaded.js";
import { callout } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { exact, t } from "../parts/words.js";
import { screen } from "../screen.js";

const KEY = "platform/pause";
const LONGEST_REASON = 200;

/** Asked anew with the figures: somebody else of the team may have paused or gone on. */
export function refreshPause() {
  void reload(KEY);
}

/** The section. */
export function pauseOfAll() {
  const pauses = loaded(KEY, (api) => api.get("/pause"));
  return html`<section class="section" aria-labelledby="platform-calls">
    <h2 id="platform-calls">${t("platform.calls")}</h2>
    ${shown(pauses, ({ standing, earlier }) => html`${standing ? paused(standing) : going()}${earlier.length ? past(earlier) : nothing}`)}
  </section>`;
}

function going() {
  return html`<div class="card stack"><p class="fact-line fact-done">${icon("circle-check")}<span>${t("platform.calls.on")}</span></p>
    <p><button class="btn btn-danger" type="button" @click=${pause}>${icon("pause")}${t("platform.pause.do")}</button></p></div>`;
}

function paused(one) {
  return callout("end", "pause", html`<div class="stack stack-tight"><p><b>${t("platform.pause.standing", { time: exact(one.since), who: one.by ?? t("platform.pause.command") })}</b></p>
    <p dir="auto">${one.reason || t("platform.pause.no_reason")}</p>
    <p><button class="btn btn-primary" type="button" @click=${goOn}>${icon("phone")}${t("platform.pause.end")}</button></p></div>`);
}

function past(list) {
  return html`<details class="more"><summary>${t("platform.pause.earlier", { count: list.length })}</summary>
    <ul class="rows">${list.map((one) => html`<li class="thing"><span>${icon("history")}</span>
      <div class="thing-words"><span class="strong" dir="auto">${one.reason || t("platform.pause.no_reason")}</span>
        <span class="note soft">${t("platform.pause.began", { time: exact(one.since), who: one.by ?? t("platform.pause.command") })}</span>
        <span class="note soft">${t("platform.pause.ended", { time: exact(one.ended_at), who: one.ended_by ?? t("platform.pause.command") })}</span></div></li>`)}</ul></details>`;
}

async function pause() {
  const form = { reason: "", busy: false, error: "" };
  const send = (event, close) => {
    event.preventDefault();
    void carryOut(form, async () => {
      await screen.api.post("/pause", { on: true, reason: form.reason });
      close();
      toast(t("platform.pause.done"));
      await reload(KEY);
    });
  };
  await openDialog(t("platform.pause.title"), (close) => html`<form class="stack" @submit=${(event) => send(event, close)}>
    <p>${t("platform.pause.text")}</p>
    <div class="field"><label for="pause-reason">${t("platform.pause.reason")}</label><p class="hint" id="pause-reason-hint">${t("platform.pause.reason.hint")}</p>
      <input class="input" id="pause-reason" required maxlength=${LONGEST_REASON} autocomplete="off" aria-describedby="pause-reason-hint" .value=${form.reason} @input=${(event) => { form.reason = event.target.value; }} /></div>
    ${wrong(form)}
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-danger" type="submit" aria-busy=${form.busy ? "true" : "false"}>${t("platform.pause.do")}</button></div>
  </form>`);
}

async function goOn() {
  if (!(await confirmDialog({ title: t("platform.pause.end.title"), text: t("platform.pause.end.text"), yes: t("platform.pause.end") }))) return;
  await screen.api.post("/pause", { on: false }).then(() => toast(t("platform.pause.over")), tellError);
  await reload(KEY);
}
