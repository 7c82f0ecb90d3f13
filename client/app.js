/** The page: starts the core and draws what the address names; what only members see is loaded when there is one. */
import { createApi } from "./core/api.js";
import { createApp } from "./core/app.js";
import { closeDialogs, confirmDialog, settleDialog } from "./parts/dialog.js";
import { html, nothing, render } from "./parts/html.js";
import { icon } from "./parts/icon.js";
import { failure, skeleton, statement } from "./parts/states.js";
import { setTitle } from "./parts/title.js";
import { hush, tellError, toast } from "./parts/toast.js";
import { startLanguage, t, useZone } from "./parts/words.js";
import { browserParts } from "./platform/browser.js";
import { renewPush, startWorker, stopPush } from "./platform/push.js";
import { go, readPath, settleFocus, startRouter } from "./router.js";
import { drawWith, forgetAll, later, screen, update } from "./screen.js";
import { front } from "./views/front.js";
import { landing, loadDemo, playAs } from "./views/landing.js";
import { signIn } from "./views/sign-in.js";

const BESIDE = "curbside.beside";
const TITLES = {
  consults: "consults.title", ask: "ask.title", summary: "summary.title", cases: "place.cases", calls: "place.calls",
  "call-new": "place.calls", call: "place.calls", clinic: "place.clinic", me: "place.me", platform: "place.platform", verify: "verify.title", "who-knows-what": "who.title", "sign-in": "signin.title",
};
const root = document.getElementById("root");
let inside = null;

// --- drawing ---------------------------------------------------------------------------------------------------------

function draw() {
  const route = readPath(location.pathname);
  inside?.follow(route);
  inside?.measureScroll();
  render(page(route), root);
  settleFocus(root);
  inside?.settleInside();
  settleDialog();
  const name = inside?.consultTitle(route) || (TITLES[route.name] ? t(TITLES[route.name]) : "");
  setTitle(name ? `${name} · Curbside` : "Curbside");
}

function page(route) {
  const { state } = screen.app.session;
  if (state === "locked") return front(lockedPage(), { narrow: true });
  if (state === "signed_in") return memberPage(route);
  if (state === "starting") return front(skeleton(3), { narrow: true });
  if (route.name === "verify") return front(later("summary", () => import("./views/summary.js"), (view) => view.verifyPage()));
  if (route.name === "who-knows-what") return front(later("who", () => import("./views/who-knows-what.js"), (view) => view.whoKnowsWhat()));
  if (state === "unreachable") return front(unreachable(), { narrow: true });
  if (route.name === "landing" && screen.demo) return front(landing());
  if (!route.front) screen.wanted = location.pathname;
  return front(signIn(), { narrow: true });
}

function memberPage(route) {
  if (!route.front) return later("inside", loadInside, (view) => view.insidePage(route));
  if (screen.query.get("as") && screen.demo) return front(landing());
  queueMicrotask(() => go("/consults", { replace: true }));
  return nothing;
}

async function loadInside() {
  const loaded = await import("./inside.js");
  if (!inside) {
    inside = loaded;
    inside.startInside();
  }
  return loaded;
}

function unreachable() {
  return failure({ msg: t("boot.unreachable") }, () => screen.app.start(), true);
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

function onSession(session) {
  const { state, me } = session;
  inside?.hearSession(session); // first, as what is asked for the one who leaves is forgotten, and the next page asks anew
  if (state === "signed_in") useZone(me.time_zone);
  else if (state === "signed_out" || state === "locked") {
    // Nothing that was typed or read may stay in the memory of a phone that someone else picks up.
    closeDialogs();
    forgetAll();
    hush();
    if (state === "signed_out") {
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
  });
}

async function start() {
  await startLanguage();
  startRouter();
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
  // Whoever signs in next finds the screens there already.
  (window.requestIdleCallback ?? setTimeout)(() => later("inside", loadInside, () => nothing));
  startWorker((message) => {
    if (message?.type === "new-version") toast(t("boot.new_version"), { label: t("boot.reload"), act: () => location.reload() });
    if (message?.type === "push-changed") renewPush(screen.api).catch(() => {});
  });
}

start();
