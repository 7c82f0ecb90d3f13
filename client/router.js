/** Where one is: paths to views, links followed without loading the page, focus and title after a change of place. */
import { screen, update } from "./screen.js";

const FRONT = new Set(["/", "/sign-in"]);
const OPEN_TO_ALL = new Set(["/verify", "/who-knows-what"]);

/**
 * Read a path. @param {string} path
 * @returns {{name: string, place: string, r?: string, clinic?: string, part?: string, open: boolean, front: boolean}}
 *   `open`: needs no sign-in
 */
export function readPath(path) {
  const clean = path.replace(/\/+$/, "") || "/";
  const parts = clean.split("/").slice(1);
  const open = OPEN_TO_ALL.has(clean) || FRONT.has(clean);
  const front = FRONT.has(clean);
  if (clean === "/") return { name: "landing", place: "", open, front };
  if (parts[0] === "consults" && parts.length === 1) return { name: "consults", place: "consults", open, front };
  if (clean === "/consults/ask") return { name: "ask", place: "consults", open, front };
  if (parts[0] === "consults" && parts[2] === "summary") return { name: "summary", place: "consults", r: parts[1], open, front };
  if (parts[0] === "consults" && parts.length === 2) return { name: "consult", place: "consults", r: parts[1], open, front };
  const masked = readVoice(parts);
  if (masked) return { ...masked, open, front };
  const names = { "/sign-in": "sign-in", "/cases": "cases", "/me": "me", "/platform": "platform", "/verify": "verify",
    "/who-knows-what": "who-knows-what" };
  return { name: names[clean] || "not-found", place: ["cases", "me", "platform"].includes(parts[0]) ? parts[0] : "", open, front };
}

/** Calls and clinics. No address ever holds a number or a name: a call, a clinic and a patient are random ids. */
function readVoice([first, second, third, more]) {
  if (more !== undefined) return null;
  if (first === "calls" && third === undefined) {
    if (second === undefined) return { name: "calls", place: "calls" };
    return second === "new" ? { name: "call-new", place: "calls" } : { name: "call", place: "calls", r: second };
  }
  return first === "clinic" ? { name: "clinic", place: "clinic", clinic: second, part: third } : null;
}

/** Go to a path of the client. @param {string} path @param {{replace?: boolean}} [how] */
export function go(path, { replace = false } = {}) {
  const url = new URL(path, location.origin);
  // Who is there already keeps the focus where it is.
  if (url.pathname + url.search === location.pathname + location.search) return update();
  history[replace ? "replaceState" : "pushState"](null, "", url.pathname + url.search);
  part = url.hash.slice(1);
  return arrive();
}

function arrive() {
  screen.path = location.pathname;
  screen.query = new URLSearchParams(location.search);
  screen.arrived = true;
  update();
}

/** Follow links of the client and the browser's own back and forward. */
export function startRouter() {
  window.addEventListener("popstate", arrive);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (link.pathname.startsWith("/static/") || link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
  screen.path = location.pathname;
  screen.query = new URLSearchParams(location.search);
}

let settled = null;
let part = ""; // the id of the part of a screen that a link leads to; the screen may still be loading

/** After a change of place: the heading takes the focus, so that a screen reader says where one is. */
export function settleFocus(root) {
  if (part && document.getElementById(part)) {
    document.getElementById(part).scrollIntoView({ block: "start" });
    part = "";
  }
  const redrawn = settled && !settled.isConnected && document.activeElement === document.body;
  if (!screen.arrived && !redrawn) return;
  // Where the page itself scrolls (before sign-in, at 400 % zoom), a new place begins at its top.
  if (screen.arrived === true) window.scrollTo(0, 0);
  settled = headingOf(root);
  // A screen that is still being loaded has no heading yet: it takes the focus when it is there.
  screen.arrived = screen.arrived && !settled ? "loading" : false;
  settled?.focus({ preventScroll: true });
}

/** Beside a list the heading is that of what was chosen in it. */
function headingOf(root) {
  const detail = root.querySelector(".pane-detail h1");
  return root.querySelector("[data-focus]") || (detail?.offsetParent ? detail : root.querySelector("main h1"));
}
