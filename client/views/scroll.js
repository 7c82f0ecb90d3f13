/** Where a conversation stands: at its newest message it stays there; reading older ones it does not jump. */
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { t } from "../parts/words.js";
import { screen, update } from "../screen.js";

const NEAR_PX = 64;
const OLDER_PX = 320;

let place = { r: null, atEnd: true, top: 0, height: 0, first: null };

function element() {
  return document.querySelector(".scroll");
}

/** Before a drawing: remember where the conversation stands. */
export function measureScroll() {
  const box = element();
  if (!box) return;
  Object.assign(place, { top: box.scrollTop, height: box.scrollHeight });
}

/** After a drawing: stand where one stood, or at the end. */
export function settleScroll() {
  const box = element();
  if (!box) {
    place = { r: null, atEnd: true, top: 0, height: 0, first: null };
    return;
  }
  const { r, first } = box.dataset;
  const waiting = box.querySelector(".waiting-clock") !== null;
  if (place.waiting && !waiting) place.atEnd = true;
  place.waiting = waiting;
  if (place.r !== r) {
    place = { r, atEnd: true, top: 0, height: 0, first, waiting };
    toEnd(box);
  } else if (place.first !== first) {
    box.scrollTop = place.top + box.scrollHeight - place.height;
    place.first = first;
  } else if (place.atEnd) {
    toEnd(box);
  }
  tellRead();
}

function toEnd(box) {
  const clock = box.querySelector(".waiting-clock");
  if (clock && place.fresh !== place.r) {
    // Who waits looks at the clock, not at the last line.
    place.fresh = place.r;
    box.scrollTop = 0;
    clock.scrollIntoView({ block: "nearest" });
    place.atEnd = false;
    return;
  }
  const unread = box.querySelector(".new-line");
  if (unread && place.fresh !== place.r) {
    place.fresh = place.r;
    unread.scrollIntoView({ block: "start" });
    place.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    return;
  }
  box.scrollTop = box.scrollHeight;
}

/** What the other side may know: that one has seen the newest message, when the page is looked at. */
export function tellRead() {
  if (document.hidden || !place.r || !place.atEnd) return;
  const view = screen.app.stream(place.r);
  if (view && view.head && view.read < view.pos) screen.app.read(place.r, view.pos);
}

/** The conversation was scrolled. */
export function scrolled(event) {
  const box = event.currentTarget;
  const was = place.atEnd;
  place.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
  const view = screen.app.stream(box.dataset.r);
  if (box.scrollTop < OLDER_PX && view?.older && !view.loadingOlder) screen.app.loadOlder(box.dataset.r);
  if (was !== place.atEnd) update();
  if (place.atEnd) tellRead();
}

/** The window changed (a keyboard came up): what stood at the end stands there still. */
export function keepEnd() {
  const box = element();
  if (box && place.atEnd) box.scrollTop = box.scrollHeight;
}

/** Go to the newest message (after sending, or by the button). */
export function goToNewest() {
  place.atEnd = true;
  const box = element();
  if (box) box.scrollTop = box.scrollHeight;
  update();
}

/** The button back to the newest message, with what is unread. */
export function toNewest(view) {
  if (place.atEnd || place.r !== view.r || document.querySelector(".waiting-clock")) return nothing;
  return html`<button class="btn btn-small to-newest" type="button" @click=${goToNewest}>
    ${icon("arrow-down")}${view.unread ? t("msg.new", { count: view.unread }) : t("msg.newest")}</button>`;
}
