/**
 * Web push on this device: ask, register, remove. A push holds nothing; see `docs/mobile.md`.
 *
 * The device is known to the service by its endpoint: POST /devices {endpoint, keys: {p256dh, auth}}.
 */

/** Registers the service worker; gives null where there is none. */
export async function startWorker(onMessage = () => {}) {
  if (!("serviceWorker" in navigator)) return null;
  navigator.serviceWorker.addEventListener("message", (event) => onMessage(event.data));
  try {
    return await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  } catch {
    return null;
  }
}

/**
 * Says what stands between this device and an alert.
 * @returns {Promise<"on"|"off"|"denied"|"unsupported">} off: may be asked for
 */
export async function pushState() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  const worker = await navigator.serviceWorker.getRegistration("/");
  if (!worker) return "unsupported";
  return Notification.permission === "granted" && (await worker.pushManager.getSubscription()) ? "on" : "off";
}

/**
 * Asks for permission and tells the service of this device. Call it from a touch: browsers ask for nothing else.
 * @param {object} api
 * @returns {Promise<"on"|"off"|"denied"|"unsupported">}
 */
export async function startPush(api) {
  const state = await pushState();
  if (state === "denied" || state === "unsupported") return state;
  if ((await Notification.requestPermission()) !== "granted") return Notification.permission === "denied" ? "denied" : "off";
  await register(api);
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
  await api.delete("/devices", { endpoint: subscription.endpoint }).catch(() => undefined);
  await subscription.unsubscribe();
}

async function register(api) {
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
  await api.post("/devices", { endpoint, keys });
}

function bytesOf(base64url) {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function sameKey(buffer, bytes) {
  const held = new Uint8Array(buffer ?? []);
  return held.length === bytes.length && held.every((byte, n) => byte === bytes[n]);
}
