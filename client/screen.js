/**
 * What all views share: the app behind the screens, the place one is at, and "draw again". One page has one screen, so
 * this is a module and not an object that every view would be handed.
 */
import { failure, skeleton } from "./parts/states.js";

/**
 * app: the façade of core/app.js. api: core/api.js. path: where one is. ui: what views remember while the page lives,
 * by a name of their own (an open menu, a form's text).
 */
export const screen = {
  app: null,
  api: null,
  platform: null,
  path: "/",
  query: new URLSearchParams(),
  demo: null,
  ui: new Map(),
};

let draw = () => {};
let asked = false;

/** Say how the page is drawn; only app.js does this. @param {() => void} render */
export function drawWith(render) {
  draw = render;
}

/** Draw the page again before the next frame, once, however often this is called. */
export function update() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(flush);
  // A hidden page gets no frames, but its title, its alerts and its live region must still be right.
  if (document.hidden) setTimeout(flush, 100);
}

function flush() {
  if (!asked) return;
  asked = false;
  draw();
}

/** Draw at once; for what needs the elements right after. */
export function updateNow() {
  asked = true;
  flush();
}

/**
 * What a view remembers under a name; made on first use.
 * @template T @param {string} name @param {() => T} make @returns {T}
 */
export function remember(name, make) {
  if (!screen.ui.has(name)) screen.ui.set(name, make());
  return screen.ui.get(name);
}

const parts = new Map();

/**
 * Draw a view whose module is loaded when it is first wanted; a skeleton meanwhile, "try again" where it cannot be.
 * @template T @param {string} name @param {() => Promise<T>} load @param {(module: T) => any} view
 */
export function later(name, load, view) {
  const part = parts.get(name) ?? { module: null, failed: false, asked: false };
  parts.set(name, part);
  if (part.module) return view(part.module);
  if (part.failed) return failure(null, () => { part.failed = false; update(); });
  if (!part.asked) {
    part.asked = true;
    load().then((module) => { part.module = module; }, () => { part.failed = true; })
      .finally(() => { part.asked = false; update(); });
  }
  return skeleton(4);
}

/** Forget everything that views remember (sign-out). */
export function forgetAll() {
  screen.ui.clear();
}
