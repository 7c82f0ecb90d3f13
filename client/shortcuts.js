/** Keyboard shortcuts: single keys while nothing is written, listed under `?`. */
import { closeDialogs, dialogOpen, openDialog } from "./parts/dialog.js";
import { toggleAvailability } from "./parts/availability.js";
import { html } from "./parts/html.js";
import { showOffer, standingOffers } from "./parts/offer.js";
import { t } from "./parts/words.js";
import { go, readPath } from "./router.js";
import { screen } from "./screen.js";
import { focusComposer } from "./views/composer.js";

const GO = { 1: "/consults", 2: "/cases", 3: "/calls", 4: "/me", 5: "/clinic" };

const LIST = [
  ["?", "shortcuts.help"],
  ["a", "shortcuts.ask"],
  ["c", "shortcuts.call"],
  ["o", "shortcuts.offer"],
  ["v", "shortcuts.available"],
  ["j", "shortcuts.next"],
  ["k", "shortcuts.previous"],
  ["r", "shortcuts.reply"],
  ["1 – 5", "shortcuts.places"],
  ["Enter", "shortcuts.send"],
  ["↑", "shortcuts.edit"],
  ["Esc", "shortcuts.escape"],
];

/** The list of shortcuts. */
export function openShortcuts() {
  openDialog(t("shortcuts.title"), () => html`<dl class="keys">${LIST.map(([key, name]) => html`
    <div><dt><kbd>${key}</kbd></dt><dd>${t(name)}</dd></div>`)}</dl>`);
}

function step(by) {
  const links = [...document.querySelectorAll(".pane-list a.item")];
  if (!links.length) return;
  const now = links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = links[Math.min(links.length - 1, Math.max(0, now + by))];
  go(new URL(next.href).pathname);
  next.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || screen.app.session.state !== "signed_in") return;
  const writing = event.target.matches?.("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && writing && event.target.id === "composer-text") {
    event.target.blur();
    return;
  }
  if (writing || dialogOpen()) return;
  const offers = standingOffers();
  const act = {
    "?": openShortcuts,
    a: () => go("/consults/ask"),
    c: () => go("/calls/new"),
    o: () => offers.length && showOffer(offers[0]),
    v: toggleAvailability,
    j: () => step(1),
    k: () => step(-1),
    r: () => readPath(location.pathname).name === "consult" && focusComposer(),
  }[event.key] || (GO[event.key] && (() => go(GO[event.key])));
  if (!act) return;
  event.preventDefault();
  act();
}

/** Listen. Called once. */
export function startShortcuts() {
  document.addEventListener("keydown", onKey);
  window.addEventListener("popstate", closeDialogs);
}
