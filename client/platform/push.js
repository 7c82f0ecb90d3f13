/**
 * Web push on this device: ask, register, remove. A push holds nothing; see `docs/mobile.md`.
 *
 * POST /devices {endpoint, keys: {p256dh, auth}, label} makes the device known, again and again to the same effect.
 */

/** Registers the service worker; gives null where there is none. */
export async function startWorker(onMessage = () => {}) {
  if (!("serviceWorker" in navigator)) return null;
  navigator.serviceWorker.addEventListener("message", (event) => onMessage(event.data));
  try {
    return await navigator.serviceWorker.register(workerUrl(), { scope: "/" });
  } catch {
    return null;
  }
}

/** Under Trusted Types an address of code is made by a named policy; this one makes a single address. */
function workerUrl() {
  const policy = globalThis.trustedTypes?.createPolicy("curbside", { createScriptURL: () => "/sw.js" });
  return policy ? policy.createScriptURL("") : "/sw.js";
}

/**
 * Says what stands between this device and an alert.
 * @returns {Promise<"on"|"off"|"denied"|"unsupported">} off: may be asked for
 */
export async function pushState() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window))
    return "unsupported";
  if (Notification.permission === "denied") return "denied";
  const worker = await navigator.serviceWorker.getRegistration("/");
  if (!worker) return "unsupported";
  return Notification.permission === "granted" && (await worker.pushManager.getSubscription()) ? "on" : "off";
}

/**
 * Asks for permission and tells the service of this device. Call it from a touch: browsers ask for nothing else.
 * @param {object} api
 * @param {string} [label] how the device is called in the member's list
 * @returns {Promise<"on"|"off"|"denied"|"unsupported">}
 */
export async function startPush(api, label = "") {
  const state = await pushState();
  if (state === "denied" || state === "unsupported") return state;
  if ((await Notification.requestPermission()) !== "granted")
    return Notification.permission === "denied" ? "denied" : "off";
  await register(api, label);
  return pushState();
}

/** Tells the service again, if push is on: the endpoint may have changed, or another member signed in before. */
export async function renewPush(api) {
  if ((await pushState()) === "on") await register(api);
}

/** Takes this device from the service and the browser; call it before sign-out, while there is a session. */
export async function stopPush(api) {
  const worker = await navigator.serviceWorker?.getRegistration("/");
  const subscription = await worker?.pushManager?.getSubscription();
  if (!subscription) return;
  const devices = await api.get("/devices").catch(() => []);
  for (const device of devices) if (device.current) await api.delete(`/devices/${device.id}`).catch(() => undefined);
  await subscription.unsubscribe();
}

async function register(api, label = "") {
  const worker = await navigator.serviceWorker.ready;
  const { key } = await api.get("/push-key");
  const wanted = bytesOf(key);
  let subscription = await worker.pushManager.getSubscription();
  if (subscription && !sameKey(subscription.options.applicationServerKey, wanted)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
  const { endpoint, keys } = subscription.toJSON();
  await api.post("/devices", { endpoint, keys, label });
}

function bytesOf(base64url) {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function sameKey(buffer, bytes) {
  const held = new Uint8Array(buffer ?? []);
  return held.length === bytes.length && held.every((byte, n) => byte === bytes[n]);
}
