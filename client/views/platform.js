/** Platform: how all processes do, live, for the platform team. Asks while it is looked at and stops when it is not. */
import { platformCurves } from "../core/curves.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout, failure, skeleton, statement } from "../parts/states.js";
import { exact, hour, relative, screenLanguage, t } from "../parts/words.js";
import { remember, screen, update } from "../screen.js";
import { pauseOfAll, refreshPause } from "./platform-pause.js";

const PATH = "/platform";
const EVERY_MS = 5000;

/** Each tile: its field, how its numbers are written, and from where on it wants a look. */
const LIVE = [
  ["sockets", whole],
  ["members", whole],
  ["deliveries_rate", rate],
  ["stored_rate", rate],
  ["loop_ms", ms, 250],
  ["ring_ms", ms, 1000],
  ["queue", whole, 500],
  ["behind", whole, 100],
  ["cpu", share],
  ["memory", bytes],
];
const COUNTED = ["slow", "dropped", "refused"];
const STATES = { ready: ["circle-check", "pill-done"], draining: ["log-out", "pill-wait"], silent: ["circle-x", "pill-end"] };

const state = () => remember("platform", () => ({ data: null, error: null, asking: false, timer: 0 }));

async function ask(mine) {
  if (mine.asking) return;
  mine.asking = true;
  try {
    mine.data = await screen.api.get("/platform");
    mine.error = null;
  } catch (error) {
    mine.error = error;
  }
  mine.asking = false;
  update();
}

/** Asks again in a while, as long as this page is the one that is looked at. */
function keepAsking(mine) {
  if (mine.timer || mine.error?.status === 404) return;
  mine.timer = setTimeout(async () => {
    if (screen.path === PATH && !document.hidden && screen.ui.get("platform") === mine) {
      refreshPause();
      await ask(mine);
    }
    mine.timer = 0;
    if (screen.path === PATH && screen.ui.get("platform") === mine) keepAsking(mine);
  }, EVERY_MS);
}

/** The screen. */
export function platformPage() {
  const mine = state();
  if (!mine.data && !mine.error) ask(mine);
  keepAsking(mine);
  return html`<div class="panes panes-one"><div class="pane" tabindex="0">
    <header class="head"><h1 tabindex="-1">${t("place.platform")}</h1></header>
    <div class="page page-wide">${content(mine)}</div>
  </div></div>`;
}

function content(mine) {
  const { data, error } = mine;
  if (error?.status === 404) return notYours();
  if (!data) return error ? failure(error, () => { mine.error = null; ask(mine); update(); }) : skeleton(5);
  if (!data.processes.length) {
    return [pauseOfAll(), statement({ icon: "chart-column", title: t("platform.empty"), text: t("platform.empty.text") })];
  }
  return html`
    ${error ? callout("wait", "refresh-cw", html`<p>${t("state.stale", { time: hour(data.now) })}</p>`) : nothing}
    <p class="note soft">${t("platform.about", { count: data.processes.filter((one) => one.state !== "silent").length })}</p>
    ${pauseOfAll()}
    ${data.together.length ? live(data.together) : nothing}
    ${data.together.length ? counted(data.together.at(-1)) : nothing}
    ${processes(data.processes)}
    ${keeping(data)}`;
}

function notYours() {
  return statement({
    icon: "lock",
    title: t("platform.not_yours"),
    text: t("platform.not_yours.text"),
    action: html`<a class="btn" href="/consults">${icon("messages-square")}${t("consults.go")}</a>`,
  });
}

// --- all together ----------------------------------------------------------------------------------------------------

function live(samples) {
  return html`<section class="section" aria-labelledby="platform-live">
    <h2 id="platform-live">${t("platform.live")}</h2>
    <ul class="tiles">${LIVE.map(([name, write, high]) => tile(name, write, high, samples))}</ul>
  </section>`;
}

function tile(name, write, high, samples) {
  const values = samples.map((sample) => sample[name]);
  const now = values.at(-1);
  const much = high !== undefined && now >= high;
  return html`<li class="tile ${much ? "tile-much" : ""}">
    <p class="tile-name">${t(`platform.${name}`)}</p>
    <p class="tile-now figures">${write(now)}${much ? html`<span class="pill pill-wait">${icon("triangle-alert")}${t("platform.much")}</span>` : nothing}</p>
    ${curve(values, t("platform.curve", { name: t(`platform.${name}`), now: write(now), least: write(Math.min(...values)), most: write(Math.max(...values)) }))}
    <p class="tile-span figures" aria-hidden="true">${t("platform.between", { least: write(Math.min(...values)), most: write(Math.max(...values)) })}</p>
  </li>`;
}

function curve(values, label) {
  const { line, area, width, height } = platformCurves(values);
  return html`<svg class="curve" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label=${label}>
    <path class="curve-area" d=${area}></path><path class="curve-line" d=${line}></path></svg>`;
}

function counted(last) {
  return html`<section class="section" aria-labelledby="platform-counted">
    <h2 id="platform-counted">${t("platform.counted")}</h2>
    <dl class="facts card">${COUNTED.map((name) => html`<div><dt>${t(`platform.${name}`)}</dt><dd class="figures">${whole(last[name])}</dd></div>`)}</dl>
  </section>`;
}

// --- each process ----------------------------------------------------------------------------------------------------

function processes(list) {
  return html`<section class="section" aria-labelledby="platform-processes">
    <h2 id="platform-processes">${t("platform.processes")}</h2>
    <ul class="processes">${list.map(process)}</ul>
  </section>`;
}

function process(one) {
  const last = one.samples.at(-1);
  const [sign, tone] = STATES[one.state];
  return html`<li class="card process">
    <header class="row">
      <h3 class="process-name">${one.name}</h3>
      <span class="pill ${tone} push">${icon(sign)}${t(`platform.state.${one.state}`, { time: hour(one.seen_at) })}</span>
    </header>
    ${last ? curve(one.samples.map((sample) => sample.deliveries_rate), t("platform.curve_of", { name: one.name, now: rate(last.deliveries_rate) })) : nothing}
    <dl class="facts">
      ${last ? ["sockets", "deliveries_rate", "loop_ms", "cpu", "memory", "descriptors", "threads"].map((name) => fact(name, last[name])) : nothing}
      <div><dt>${t("platform.since")}</dt><dd title=${exact(one.began_at)}>${relative(one.began_at)}</dd></div>
      <div><dt>${t("platform.build")}</dt><dd class="figures">${one.build || t("platform.no_build")} · ${one.pid}</dd></div>
    </dl>
  </li>`;
}

const WRITE = Object.fromEntries(LIVE.map(([name, write]) => [name, write]));

function fact(name, value) {
  return html`<div><dt>${t(`platform.${name}`)}</dt><dd class="figures">${(WRITE[name] ?? whole)(value)}</dd></div>`;
}

function keeping({ purge, holds }) {
  return html`<section class="section" aria-labelledby="platform-keeping">
    <h2 id="platform-keeping">${t("platform.keeping")}</h2>
    <div class="card stack">
      <p>${purgeText(purge)}</p>
      ${purge?.ended_at ? html`<p class="note soft">${t("platform.purge.what", {
        streams: whole(purge.streams), previews: whole(purge.previews), unread: whole(purge.kept_unread), held: whole(purge.kept_held) })}</p>` : nothing}
      <p>${t("platform.holds", { count: holds })}</p>
    </div>
  </section>`;
}

function purgeText(purge) {
  if (!purge) return t("platform.purge.never");
  return purge.ended_at ? t("platform.purge.done", { time: exact(purge.ended_at) }) : t("platform.purge.open", { time: exact(purge.began_at) });
}

// --- numbers -----------------------------------------------------------------------------------------------------------

function number(value, digits = 0) {
  return new Intl.NumberFormat(screenLanguage(), { maximumFractionDigits: digits }).format(value);
}

function whole(value) {
  return number(value);
}

function rate(value) {
  return t("platform.per_s", { n: number(value, value < 10 ? 1 : 0) });
}

function ms(value) {
  return t("platform.ms", { n: number(value, value < 10 ? 1 : 0) });
}

function share(value) {
  return t("platform.percent", { n: number(value * 100) });
}

function bytes(value) {
  return t("platform.mib", { n: number(value / 1_048_576) });
}
