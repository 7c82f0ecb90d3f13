/**
 * The service worker: the app's shell from a cache of one version, and a push that says only that something waits.
 *
 * It never keeps a message. Only files that `/shell.json` lists, or that lie under /static/, are ever stored; nothing
 * under /api, /_allauth or any other path is so much as looked at. Served at /sw.js, so that its scope is all of "/".
 *
 * `/shell.json` is {version, files}: a hash over the files, and their addresses. A new version is fetched whole into a
 * cache of its own and used from the next opening on; until all of it is there the old one serves, so that modules of
 * two versions never meet.
 */
const PREFIX = "curbside-shell-";
const CURRENT = "curbside-current"; // a cache with one entry: the name of the cache in use
const SHELL = "/";
const LOOSE = `${PREFIX}loose`; // while the service offers no list: files as they were used last
const ANY = { ignoreVary: true, ignoreSearch: true }; // the shell is the same for all cookies
const NEVER = /^\/(api|_allauth|ws|staff|accounts|healthz|readyz|shell\.json|sw\.js)(\/|$)/;

const SAYS = {
  en: { body: "Something waits for you in Curbside" },
  sv: { body: "Något väntar på dig i Curbside" },
};

self.addEventListener("install", (event) => {
  event.waitUntil(update().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || NEVER.test(url.pathname)) return;
  if (request.mode === "navigate" && !url.pathname.startsWith("/static/")) {
    event.waitUntil(update());
    event.respondWith(openShell(request));
  } else if (url.pathname.startsWith("/static/")) event.respondWith(openFile(request));
});

self.addEventListener("push", (event) => {
  event.waitUntil(alertMember());
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openApp());
});

/** The browser changed the address of this device: open pages register it again, else the next start does. */
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(tellPages({ type: "push-changed" }));
});

// --- the shell -------------------------------------------------------------------------------------------------------

async function current() {
  const held = await (await caches.open(CURRENT)).match("/");
  const name = held ? await held.text() : null;
  return name !== null && (await caches.has(name)) ? name : null;
}

/** Fetches the shell's list; if it is of another version, all of its files, then makes that version the one in use. */
async function update() {
  try {
    const answer = await fetch("/shell.json", { cache: "no-cache", credentials: "omit" });
    if (!answer.ok) return;
    const { version, files } = await answer.json();
    const name = PREFIX + version;
    if (name === (await current())) return;
    const cache = await caches.open(name);
    await cache.addAll(files.map((file) => new Request(file, { cache: "no-cache", credentials: "omit" })));
    const replaced = await current();
    await (await caches.open(CURRENT)).put("/", new Response(name));
    await forget([name, replaced]);
    if (replaced !== null) await tellPages({ type: "new-version" });
  } catch {
    return; // no network, or a file failed: what is there goes on serving
  }
}

/** The version before is kept until the next one, for pages that are open now. */
async function forget(keep) {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && !keep.includes(name));
  await Promise.all(names.map((name) => caches.delete(name)));
}

/** Any page of the app is the same shell. */
async function openShell(request) {
  const name = await current();
  const held = name && (await (await caches.open(name)).match(SHELL, ANY));
  if (held) return held;
  try {
    const answer = await fetch(request);
    if (answer.ok && new URL(request.url).pathname === SHELL)
      await (await caches.open(LOOSE)).put(SHELL, answer.clone());
    return answer;
  } catch (error) {
    const last = await caches.match(SHELL, { ...ANY, cacheName: LOOSE });
    if (last) return last;
    throw error;
  }
}

async function openFile(request) {
  const name = await current();
  if (name) {
    const held = await (await caches.open(name)).match(request, ANY);
    return held ?? (await caches.match(request, ANY)) ?? fetch(request);
  }
  try {
    const answer = await fetch(request);
    if (answer.ok) await (await caches.open(LOOSE)).put(request, answer.clone());
    return answer;
  } catch (error) {
    const last = await caches.match(request, { ...ANY, cacheName: LOOSE });
    if (last) return last;
    throw error;
  }
}

// --- push ------------------------------------------------------------------------------------------------------------

/** A push holds nothing, so this knows nothing: open pages are woken, and the notice says that something waits. */
async function alertMember() {
  await tellPages({ type: "push" });
  const pages = await self.clients.matchAll({ type: "window" });
  if (pages.some((page) => page.focused)) return;
  const { body } = SAYS[(self.navigator.language || "en").slice(0, 2)] ?? SAYS.en;
  await self.registration.showNotification("Curbside", {
    body,
    tag: "curbside",
    renotify: true,
    icon: "/static/client/icons/icon-192.png",
    badge: "/static/client/icons/badge-96.png",
    vibrate: [180, 90, 180],
  });
}

async function openApp() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((one) => one.visibilityState === "visible") ?? pages[0];
  if (page) return page.focus();
  return self.clients.openWindow("/");
}

async function tellPages(message) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const page of pages) page.postMessage(message);
}
