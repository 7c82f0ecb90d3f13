/** A call back that rings one's own phone: for one call, until a time, and only because one asked for it. */
import { refreshCall } from "../call-list.js";
import { mayTakeCallBack } from "../core/call.js";
import { laterTimes } from "../core/later.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { tellError, toast } from "../parts/toast.js";
import { exact, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";

const HOURS_MS = [1, 4].map((hours) => hours * 3_600_000);

/**
 * What is known of a call back: only where somebody may call back and the service sees it, and of the desk's slip wherever
 * there is one. @param {string} r @param {object|null} item @param {object} call @param {object} end of `endOf`
 */
export function callBack(r, item, call, end) {
  // A line of the list does not tell until when: all of the call has to be there.
  if (!item?.legs || item.state !== "ended") return nothing;
  const now = screen.app.now();
  const slip = item.slip_until > now ? html`<p class="fact-line">${icon("clipboard-list")}<span>${t("back.slip", { time: exact(item.slip_until) })}</span></p>` : nothing;
  const taken = mayTakeCallBack(item, end, call.outcome);
  if (!taken && slip === nothing) return nothing;
  const state = remember(`call-back/${r}`, () => ({ busy: false }));
  return html`<section class="section" aria-labelledby="back-title"><h2 id="back-title">${t("back.title")}</h2>
    ${!taken ? nothing : item.call_back_until > now ? standing(r, state, item.call_back_until) : offer(r, state)}
    ${slip}</section>`;
}

function standing(r, state, until) {
  return html`<p class="fact-line fact-done">${icon("phone-forwarded")}<span>${t("back.on", { time: exact(until) })}</span></p>
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
  await act(r, state, () => screen.api.post(`/calls/${r}/call-back`, { until }));
}

async function stop(r, state) {
  if (await act(r, state, () => screen.api.delete(`/calls/${r}/call-back`))) toast(t("back.stopped"));
}

/** Whether it was done; what holds then is asked of the service, as another phone of the member may have changed it. */
async function act(r, state, work) {
  if (state.busy) return false;
  state.busy = true;
  update();
  const done = await work().then(() => true, (error) => { tellError(error); return false; });
  await refreshCall(r);
  state.busy = false;
  update();
  return done;
}
