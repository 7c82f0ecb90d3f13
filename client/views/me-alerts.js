/** Alerts: whether this device can be woken, a test, and the devices that the service wakes. */
import { reloadAvailability } from "../parts/availability.js";
import { alertOffer, keepSoundOff, soundOff } from "../parts/alerts.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { tellError, toast } from "../parts/toast.js";
import { exact, t } from "../parts/words.js";
import { pushState, startPush, stopPush } from "../platform/push.js";
import { remember, screen, update } from "../screen.js";

function memory() {
  return remember("alerts", () => {
    const state = { push: "", devices: null, busy: false };
    reload(state);
    return state;
  });
}

async function reload(state) {
  state.push = await pushState().catch(() => "unsupported");
  try {
    state.devices = await screen.api.get("/devices");
  } catch {
    state.devices = [];
  }
  update();
}

async function flip(on) {
  const state = memory();
  state.busy = true;
  update();
  try {
    if (on) await startPush(screen.api);
    else await stopPush(screen.api);
  } catch (error) {
    tellError({ msg: error.msg || t("alerts.failed") });
  }
  state.busy = false;
  await reload(state);
  reloadAvailability();
}

async function removeDevice(device) {
  try {
    if (device.current) await stopPush(screen.api).catch(() => {});
    await screen.api.delete(`/devices/${device.id}`).catch((error) => {
      if (error.status !== 404) throw error;
    });
    toast(t("alerts.removed"));
  } catch (error) {
    tellError(error);
  }
  await reload(memory());
  reloadAvailability();
}

/** Sound, vibration and sight on this device, now. */
async function test() {
  alertOffer();
  const worker = await navigator.serviceWorker?.getRegistration("/");
  if (Notification?.permission === "granted") worker?.showNotification("Curbside", { body: t("alerts.test.body"), tag: "curbside-test" });
  toast(soundOff() ? t("alerts.test.silent") : t("alerts.test.done"));
}

/** The section of the screen Me. */
export function alertsSection() {
  const state = memory();
  return html`<section class="section" id="alerts" aria-labelledby="me-alerts">
    <h2 id="me-alerts">${t("alerts.title")}</h2>
    <p class="soft">${t("alerts.text")}</p>
    ${thisDevice(state)}
    <label class="check check-bare"><input type="checkbox" .checked=${!soundOff()} @change=${(event) => { keepSoundOff(!event.target.checked); update(); }} />
      <span>${t("alerts.sound")}</span></label>
    <p><button class="btn" type="button" @click=${test}>${icon("bell")}${t("alerts.test")}</button></p>
    ${state.devices?.length ? html`<h3>${t("alerts.devices")}</h3><ul class="rows">${state.devices.map(device)}</ul>` : nothing}
  </section>`;
}

function thisDevice({ push, busy }) {
  if (push === "on") {
    return callout("done", "bell", html`<b>${t("alerts.on")}</b>
      <p><button class="btn btn-small" type="button" @click=${() => flip(false)}>${t("alerts.stop")}</button></p>`);
  }
  if (push === "off") {
    return callout("wait", "bell-off", html`<b>${t("available.screen_only")}.</b><p>${t("alerts.off")}</p>
      <p><button class="btn btn-primary btn-small" type="button" aria-busy=${busy ? "true" : "false"} @click=${() => flip(true)}>${t("alerts.start")}</button></p>`);
  }
  if (push === "denied") return callout("wait", "bell-off", html`<b>${t("available.screen_only")}.</b><p>${t("alerts.denied")}</p>`);
  if (push === "unsupported") return callout("wait", "bell-off", html`<b>${t("available.screen_only")}.</b><p>${t("alerts.unsupported")}</p>`);
  return nothing;
}

function device(one) {
  return html`<li class="thing">
    ${icon("smartphone")}
    <div><p class="strong">${one.label || t("alerts.unnamed")} ${one.current ? html`<span class="pill">${t("this_device")}</span>` : nothing}</p>
      <p class="note soft">${t("added", { time: exact(one.added_at) })}</p></div>
    <button class="btn btn-small btn-danger push" type="button" @click=${() => removeDevice(one)}>${t("remove")}</button>
  </li>`;
}
