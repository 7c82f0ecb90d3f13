/** A call back that rings one's own phone: for one call, until a time, and only because one asked for it. */
import { mayTakeCallBack } from "../core/call.js";
import { laterTimes } from "../core/later.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { tellError, toast } from "../parts/toast.js";
import { exact, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";

const HOURS_MS = [1, 4].map((hours) => hours * 3_600_000);

/** Only where somebody may call back and the service sees it. @param {string} r @param {object|null} item @param {object} call @param {object} end of `endOf` */
export function callBack(r, item, call, end) {
  if (!mayTakeCallBack(item, end, call.outcome)) return nothing;
  const state = remember(`call-back/${r}`, () => ({ until: item.call_back_until ?? null, busy: false }));
  return html`<section class="section" aria-labelledby="back-title"><h2 id="back-title">${t("back.title")}</h2>
    ${state.until > screen.app.now() ? standing(r, state) : offer(r, state)}</section>`;
}

function standing(r, state) {
  return html`<p class="fact-line fact-done">${icon("phone-forwarded")}<span>${t("back.on", { time: exact(state.until) })}</span></p>
    <p><button class="btn btn-small" type="button" aria-busy=${state.busy ? "true" : "false"} @click=${() => stop(r, state)}>${t("back.stop")}</button></p>`;
}

function offer(r, state) {
  const now = screen.app.now();
  const evening = laterTimes(now, screen.app.session.me?.time_zone).find(({ name }) => name === "evening");
  const times = [...HOURS_MS.map((span) => Math.round(now / 60_000) * 60_000 + span), ...(evening ? [evening.at] : [])];
  return html`<p class="soft">${t("back.text")}</p>
    <p class="row">${[...new Set(times)].sort((a, b) => a - b).map((until) => html`<button class="btn btn-small" type="button" aria-busy=${state.busy ? "true" : "false"}
      @click=${() => begin(r, state, until)}>${t("back.until", { time: exact(until) })}</button>`)}</p>`;
}

async function begin(r, state, until) {
  await act(state, screen.api.post(`/calls/${r}/call-back`, { until }), () => { state.until = until; });
}

async function stop(r, state) {
  await act(state, screen.api.delete(`/calls/${r}/call-back`), () => {
    state.until = null;
    toast(t("back.stopped"));
  });
}

async function act(state, work, done) {
  state.busy = true;
  update();
  await work.then(done, tellError);
  state.busy = false;
  update();
}
