/** The screens of someone who is signed in, and what the service says to them. Loaded when there is someone. */
import { followCall, forgetCalls, loadCalls, refreshCall } from "./call-list.js";
import { forgetClinics, loadClinics } from "./clinic-list.js";
import { consultList, forgetConsults, loadConsults, refreshConsult } from "./consult-list.js";
import { specialtyName } from "./fields.js";
import { alertMessage, alertOffer, startAlerts } from "./parts/alerts.js";
import { endedText, heardAvailability, reloadAvailability, setAvailability } from "./parts/availability.js";
import "./parts/clock.js";
import { html } from "./parts/html.js";
import { startMenus } from "./parts/menu.js";
import { offerCame, offerWent, settleOffer } from "./parts/offer.js";
import { announce, toast } from "./parts/toast.js";
import { loadWords, t } from "./parts/words.js";
import { renewPush } from "./platform/push.js";
import { keptMarks } from "./platform/sound-marks.js";
import { loadStyles } from "./platform/styles.js";
import { go, readPath } from "./router.js";
import { later, screen, update } from "./screen.js";
import { startShortcuts } from "./shortcuts.js";
import { askPane } from "./views/ask.js";
import { consultPane, followConsult } from "./views/consult.js";
import { listPane, nothingChosen } from "./views/consults.js";
import { frame } from "./views/frame.js";
import { notFound, notOpenYet } from "./views/places.js";
import { keepEnd, settleScroll, tellRead } from "./views/scroll.js";

export { measureScroll } from "./views/scroll.js";

// --- drawing ---------------------------------------------------------------------------------------------------------

/** Follow the consult or the call of a place, and no other; none while nobody is signed in. */
export function follow(route) {
  const of = (name) => (screen.app.session.me && route.name === name ? route.r : null);
  followConsult(of("consult"));
  followCall(of("call"));
}

/** After a drawing: the conversation stands where it stood, and who asked for the offer is taken to it. */
export function settleInside() {
  settleScroll();
  if (screen.app.session.state === "signed_in") settleOffer();
}

/** One screen in its frame. @param {object} route */
export function insidePage(route) {
  return frame(route, panes(route));
}

function panes(route) {
  if (route.name === "consults") return split(listPane(), nothingChosen(), true);
  if (route.name === "ask") return split(listPane(), askPane());
  if (route.name === "consult") return split(listPane(route.r), consultPane(route.r));
  if (route.name === "summary") return split(listPane(route.r), later("summary", () => import("./views/summary.js"), (view) => view.summaryPane(route.r)));
  if (route.name === "cases") return notOpenYet(route.name);
  if (route.place === "calls") return later("calls", () => masked(import("./views/calls.js"), "clinic"), (view) => view.callsPage(route));
  if (route.place === "clinic") return later("clinic", () => masked(import("./views/clinic.js"), "clinic"), (view) => view.clinicPage(route));
  if (route.name === "platform") return later("platform", loadPlatform, (view) => view.platformPage());
  if (route.name === "me") return later("me", () => masked(import("./views/me.js"), "clinic"), (view) => view.mePage());
  if (route.name === "verify") return one(later("summary", () => import("./views/summary.js"), (view) => view.verifyPage()));
  if (route.name === "who-knows-what") return one(later("who", () => import("./views/who-knows-what.js"), (view) => view.whoKnowsWhat()));
  return notFound();
}

/** Screens about calls bring their own words and looks. */
async function masked(module, ...more) {
  const [view] = await Promise.all([module, loadWords("calls", ...more), ...["calls", ...more].map(loadStyles)]);
  return view;
}

async function loadPlatform() {
  const [view] = await Promise.all([import("./views/platform.js"), loadWords("platform"), ...["calls", "clinic", "platform"].map(loadStyles)]);
  return view;
}

function split(list, detail, listOnly = false) {
  return html`<div class="panes ${listOnly ? "panes-list" : ""}">${list}${detail}</div>`;
}

function one(content) {
  return html`<div class="panes panes-one"><div class="pane" tabindex="0">${content}</div></div>`;
}

/** What a consult's page is called; "" for other places. */
export function consultTitle(route) {
  const item = route.name === "consult" ? consultList.items.get(route.r) : null;
  return item?.specialty ? specialtyName(item.specialty) : "";
}

// --- what the service says ----------------------------------------------------------------------------------------------

function onInbox(event) {
  const { k, d, late } = event;
  if (k === "consult.changed" || k === "consult.asked" || k === "offer.accepted") {
    const known = consultList.items.get(d.r);
    screen.ui.delete(`summary/${d.r}`);
    refreshConsult(d.r).then((item) => tellChange(known, item, late));
  }
  if (k === "call.started" || k === "call.changed") refreshCall(d.r);
  if (k === "notice" && !late) import("./views/notices.js").then((view) => view.tellNotice(d)).catch(() => {});
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
  if (/^(edit|redact|consult\.)/.test(event.k)) screen.ui.delete(`summary/${r}`);
  if (late || event.mine) return;
  if (event.k === "message" && !event.mine) {
    alertMessage();
    announce(t("told.message", { who: event.u || "", text: event.d.text || "" }));
  }
  if (event.k.startsWith("consult.")) refreshConsult(r);
}

/** A call that ended or was spoken of is read anew: its record is written by the service. */
function onCallEvent({ r, event }) {
  if (event.k === "call.ended" || event.k === "call.outcome") refreshCall(r);
}

// --- one member, from sign-in to sign-out --------------------------------------------------------------------------------

let account = null;

/** The session changed: another member begins with what is theirs, and after the last nothing is left. */
export function hearSession({ state, me }) {
  if (state === "signed_in" && account !== me.inbox) {
    leave();
    account = me.inbox;
    loadConsults();
    loadCalls();
    loadClinics();
    renewPush(screen.api).catch(() => {});
    // A call that this page carried before it was loaded again goes on wherever one is.
    if (keptMarks()) import("./call-media.js").then((media) => media.resumeSound()).catch(() => {});
  } else if (state === "signed_out") {
    if (keptMarks()) import("./call-media.js").then((media) => media.leaveSound()).catch(() => {});
    leave();
  }
}

/** Nothing of whoever was here stays. Where nobody was, a sign-in may be under way, whose answer is not to be missed. */
function leave() {
  if (account === null) return;
  account = null;
  screen.api.forget();
  forgetConsults();
  forgetCalls();
  forgetClinics();
}

/** Listen to the app, the keyboard and the window. Called once. */
export function startInside() {
  const { app } = screen;
  app.on("inbox", onInbox);
  app.on("event", onEvent);
  app.on("event", onCallEvent);
  app.on("offer", (offer) => {
    alertOffer();
    offerCame(offer);
  });
  app.on("offer.gone", offerWent);
  app.on("failed", (pending) => {
    if (pending.k === "message") announce(t("msg.failed"));
    update();
  });
  startMenus();
  startAlerts();
  startShortcuts();
  window.addEventListener("resize", keepEnd);
  window.visualViewport?.addEventListener("resize", keepEnd);
  document.addEventListener("visibilitychange", tellRead);
  hearSession(app.session);
}
