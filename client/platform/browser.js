/** The browser's parts for `createApp`: sockets, clock, storage, tabs, network, visibility. Effects only, no rules. */
import { createApi } from "../core/api.js";
import { idbStore } from "./idb.js";

/** Gives everything that `createApp` wants from a browser, `url` and `api` included. */
export function browserParts() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return {
    url: `${scheme}://${location.host}/ws`,
    api: createApi({ fetch: (...args) => fetch(...args), csrf: () => cookie("curbside_csrf") }),
    openSocket: (url, protocols) => new WebSocket(url, protocols),
    storage: idbStore(),
    clock: browserClock(),
    random: Math.random,
    crypto: globalThis.crypto,
    locks: navigator.locks ?? null,
    tabs: openTabs(),
    network: { online: () => navigator.onLine !== false, on: onNetwork },
    visibility: { visible: () => document.visibilityState !== "hidden", on: onVisibility },
  };
}

export function browserClock() {
  return {
    now: () => Date.now(),
    mono: () => performance.now(),
    setTimeout: (work, ms) => setTimeout(work, ms),
    clearTimeout: (timer) => clearTimeout(timer),
  };
}

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
}

/** A channel to the other tabs of this browser; null where there is none. */
function openTabs() {
  if (typeof BroadcastChannel === "undefined") return null;
  const channel = new BroadcastChannel("curbside");
  return {
    post: (message) => channel.postMessage(message),
    on: (fn) => listen(channel, "message", (event) => fn(event.data)),
  };
}

function onNetwork(fn) {
  const offs = [listen(window, "online", () => fn(true)), listen(window, "offline", () => fn(false))];
  return () => offs.forEach((off) => off());
}

/** Hidden also when the page goes for good; visible also when it comes back out of the browser's memory. */
function onVisibility(fn) {
  const offs = [
    listen(document, "visibilitychange", () => fn(document.visibilityState !== "hidden")),
    listen(window, "pagehide", () => fn(false)),
    listen(window, "pageshow", (event) => event.persisted && fn(true)),
  ];
  return () => offs.forEach((off) => off());
}

function listen(target, name, fn) {
  target.addEventListener(name, fn);
  return () => target.removeEventListener(name, fn);
}
