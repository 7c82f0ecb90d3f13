/** The page: starts the core, draws the screen that the address names, and hears what the service says. */
import { createApi } from "./core/api.js";
import { createApp } from "./core/app.js";
import { consultList, forgetConsults, loadConsults, refreshConsult } from "./consult-list.js";
import { specialtyName } from "./fields.js";
import { alertMessage, alertOffer, setTitle, startAlerts } from "./parts/alerts.js";
import { endedText, heardAvailability, reloadAvailability, setAvailability } from "./parts/availability.js";
import { closeDialogs, confirmDialog, settleDialog } from "./parts/dialog.js";
import "./parts/clock.js";
import { html, nothing, render } from "./parts/html.js";
import { icon } from "./parts/icon.js";
import { startMenus } from "./parts/menu.js";
import { offerCame, offerWent } from "./parts/offer.js";
import { failure, skeleton, statement } from "./parts/states.js";
import { announce, hush, tellError, toast } from "./parts/toast.js";
import { startLanguage, t, useZone } from "./parts/words.js";
import { browserParts } from "./platform/browser.js";
import { renewPush, startWorker, stopPush } from "./platform/push.js";
import { go, readPath, settleFocus, startRouter } from "./router.js";
import { drawWith, forgetAll, screen, update } from "./screen.js";
import { startShortcuts } from "./shortcuts.js";
import { askPane } from "./views/ask.js";
import { consultPane, followConsult } from "./views/consult.js";
import { listPane, nothingChosen } from "./views/consults.js";
import { frame, front } from "./views/frame.js";
import { landing, loadDemo, playAs } from "./views/landing.js";
import { mePage } from "./views/me.js";
import { notFound, notOpenYet } from "./views/places.js";
import { keepEnd, measureScroll, settleScroll, tellRead } from "./views/scroll.js";
import { signIn } from "./views/sign-in.js";
import { freshSummary, summaryPane, verifyPage } from "./views/summary.js";
import { whoKnowsWhat } from "./views/who-knows-what.js";

const BESIDE = "curbside.beside";
const root = document.getElementById("root");

// --- drawing ---------------------------------------------------------------------------------------------------------

function draw() {
  const route = readPath(location.pathname);
  measureScroll();
  render(page(route), root);
  settleScroll();
  settleFocus(root);
  settleDialog();
  setTitle(titleOf(route));
}

function page(route) {
  const { state } = screen.app.session;
  const inside = state === "signed_in" || state === "locked";
  followConsult(inside && route.name === "consult" ? route.r : null);
  if (state === "locked") return front(lockedPage(), { narrow: true });
  if (state === "signed_in") {
    if (route.front) {
      if (!screen.query.get("as")) queueMicrotask(() => go("/consults", { replace: true }));
      return screen.query.get("as") && screen.demo ? front(landing()) : nothing;
    }
    return frame(route, panes(route));
  }
  if (state === "starting") return front(skeleton(3), { narrow: true });
  if (route.name === "verify") return front(verifyPage());
  if (route.name === "who-knows-what") return front(whoKnowsWhat());
  if (state === "unreachable") return front(unreachable(), { narrow: true });
  if (route.name === "landing" && screen.demo) return front(landing());
  if (!route.front) screen.wanted = location.pathname;
  return front(signIn(), { narrow: true });
}

function panes(route) {
  if (route.name === "consults") return split(listPane(), nothingChosen(), true);
  if (route.name === "ask") return split(listPane(), askPane());
  if (route.name === "consult") return split(listPane(route.r), consultPane(route.r));
  if (route.name === "summary") return split(listPane(route.r), summaryPane(route.r));
  if (route.name === "cases" || route.name === "calls") return notOpenYet(route.name);
  if (route.name === "me") return mePage();
  if (route.name === "verify") return one(verifyPage());
  if (route.name === "who-knows-what") return one(whoKnowsWhat());
  return notFound();
}

function split(list, detail, listOnly = false) {
  return html`<div class="panes ${listOnly ? "panes-list" : ""}">${list}${detail}</div>`;
}

function one(content) {
  return html`<div class="panes panes-one"><div class="pane" tabindex="0">${content}</div></div>`;
}

function unreachable() {
  return failure({ msg: t("boot.unreachable") }, () => screen.app.start());
}

function lockedPage() {
  const unlock = () => screen.app.unlock().catch(tellError);
  return statement({
    icon: "lock",
    title: t("locked.title"),
    text: t("locked.text"),
    heading: true,
    action: html`<div class="row"><button class="btn btn-primary" type="button" data-focus @click=${unlock}>${t("locked.unlock")}</button>
      <button class="btn" type="button" @click=${signOut}>${icon("log-out")}${t("signout.do")}</button></div>`,
  });
}

function titleOf(route) {
  const names = { consults: "consults.title", ask: "ask.title", summary: "summary.title", cases: "place.cases",
    calls: "place.calls", me: "place.me", verify: "verify.title", "who-knows-what": "who.title", "sign-in": "signin.title" };
  const item = route.name === "consult" ? consultList.items.get(route.r) : null;
  const name = item?.specialty ? specialtyName(item.specialty) : names[route.name] ? t(names[route.name]) : "";
  return name ? `${name} · Curbside` : "Curbside";
}

// --- what the service says ----------------------------------------------------------------------------------------------

function onInbox(event) {
  const { k, d, late } = event;
  if (k === "consult.changed" || k === "consult.asked" || k === "offer.accepted") {
    const known = consultList.items.get(d.r);
    refreshConsult(d.r).then((item) => tellChange(known, item, late));
  }
  if (k === "availability.changed") {
    heardAvailability(d);
    reloadAvailability();
    if (!d.on && !late && d.reason && d.reason !== "ended") {
      toast(endedText(d.reason), { label: t("available.again"), act: () => setAvailability(true) });
    }
  }
}

/** What changed in a consult that is not on the screen is said; what is on the screen shows itself. */
function tellChange(before, item, late) {
  if (!item || late || !before || before.state === item.state || !item.mine) return;
  const specialty = specialtyName(item.specialty);
  const here = readPath(location.pathname).r === item.r;
  if (item.state === "open" && before.state === "waiting") {
    alertOffer();
    const text = t("told.accepted", { specialty });
    if (here) announce(text);
    else toast(text, { label: t("open"), act: () => go(`/consults/${item.r}`) });
  } else if (item.state === "ended" && item.end === "nobody") announce(t("told.nobody", { specialty }));
}

function onEvent({ r, event, late }) {
  if (late || event.mine) return;
  if (event.k === "message" && !event.mine) {
    alertMessage();
    announce(t("told.message", { who: event.u || "", text: event.d.text || "" }));
  }
  if (event.k.startsWith("consult.")) refreshConsult(r);
}

let account = null;

function onSession({ state, me }) {
  if (state === "signed_in") {
    useZone(me.time_zone);
    if (account !== me.inbox) {
      account = me.inbox;
      loadConsults();
      renewPush(screen.api).catch(() => {});
    }
  } else if (state === "signed_out" || state === "locked") {
    // Nothing that was typed or read may stay in the memory of a phone that someone else picks up.
    closeDialogs();
    forgetAll();
    hush();
    if (state === "signed_out") {
      account = null;
      forgetConsults();
      useZone();
      if (screen.demo === undefined) loadDemo();
    }
  }
  update();
}

async function signOut() {
  const waiting = screen.app.line.waiting;
  const text = waiting ? t("signout.waiting", { count: waiting }) : t("signout.text");
  if (!(await confirmDialog({ title: t("signout.title"), text, yes: t("signout.do"), danger: true }))) return;
  await stopPush(screen.api).catch(() => {});
  sessionStorage.removeItem(BESIDE);
  await screen.app.signOut().catch(tellError);
  go("/", { replace: true });
}

function listen(app) {
  app.on("session", onSession);
  for (const name of ["line", "stream", "offers"]) app.on(name, update);
  app.on("me", (me) => {
    useZone(me.time_zone);
    update();
  });
  app.on("inbox", onInbox);
  app.on("event", onEvent);
  app.on("offer", (offer) => {
    alertOffer();
    offerCame(offer);
  });
  app.on("offer.gone", offerWent);
  app.on("failed", (pending) => {
    if (pending.k === "message") announce(t("msg.failed"));
    update();
  });
  app.on("sent", update);
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => app.active(), { passive: true });
}

// --- start ---------------------------------------------------------------------------------------------------------------

/** In a demo a second clinician lives in a window of its own, by a token that ends with the window. */
async function besideToken(api, query) {
  const who = query.get("as");
  if (who && query.has("beside")) {
    const { token } = await api.post("/demo/sign-in", { who, beside: true });
    sessionStorage.setItem(BESIDE, token);
    history.replaceState(null, "", "/consults");
  }
  return sessionStorage.getItem(BESIDE);
}

function watchKeyboard() {
  const view = window.visualViewport;
  view?.addEventListener("resize", () => {
    // Where the page does not shrink by itself under a keyboard (iOS), it is told to.
    const covered = window.innerHeight - view.height > 80;
    document.documentElement.style.setProperty("--visible", covered ? `${view.height}px` : "100dvh");
    if (covered) window.scrollTo(0, 0);
    keepEnd();
  });
  window.addEventListener("resize", keepEnd);
  document.addEventListener("visibilitychange", tellRead);
}

async function start() {
  startLanguage();
  startRouter();
  startMenus();
  startAlerts();
  startShortcuts();
  watchKeyboard();
  const parts = browserParts();
  const query = new URLSearchParams(location.search);
  const token = await besideToken(parts.api, query).catch(() => null);
  if (token) parts.api = createApi({ fetch: (...args) => fetch(...args), csrf: () => null, token });
  screen.api = parts.api;
  screen.app = createApp(parts);
  screen.signOut = signOut;
  drawWith(draw);
  listen(screen.app);
  update();
  const demo = token ? null : loadDemo();
  await screen.app.start();
  await demo;
  if (!token && query.get("as") && screen.demo && screen.app.session.state === "signed_out") playAs(query.get("as"));
  update();
  startWorker((message) => {
    if (message?.type === "new-version") toast(t("boot.new_version"), { label: t("boot.reload"), act: () => location.reload() });
    if (message?.type === "push-changed") renewPush(screen.api).catch(() => {});
  });
}

start();
