/** The bar that tells of the line: reconnecting, catching up, offline with what is kept, ended. */
import { screen } from "../screen.js";
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";
import { hour, t } from "./words.js";

// A line that comes back at once needs no bar: it would only flicker.
const GRACE_MS = 1200;

/** Drawn by the frame. */
export function lineBar() {
  const line = screen.app.line;
  const late = Date.now() - (line.since || 0) > GRACE_MS;
  if (line.state === "reconnecting" && !late) return nothing;
  if (line.state === "online") return line.failed ? bar("line-end", "circle-alert", t("line.failed", { count: line.failed }), outboxLink()) : nothing;
  if (line.state === "connecting") return late && line.since ? bar("", "refresh-cw", t("line.connecting")) : nothing;
  if (line.state === "catching-up") {
    if (!line.total) return nothing;
    return bar("", "refresh-cw", t("line.catching_up", { done: line.done, total: line.total }));
  }
  const time = line.since ? hour(line.since) : "";
  const again = html`<button type="button" @click=${() => screen.app.reconnect()}>${t("line.again")}</button>`;
  if (line.state === "ended") return bar("line-end", "circle-alert", t("line.ended"), again);
  if (line.state === "offline") {
    const text = line.waiting ? t("line.offline_kept", { time, count: line.waiting }) : t("line.offline", { time });
    return bar("", "wifi-off", text, again);
  }
  const text = line.waiting ? t("line.reconnecting_kept", { count: line.waiting }) : t("line.reconnecting");
  return bar("", "refresh-cw", text, again);
}

function outboxLink() {
  const failed = screen.app.outbox().find((one) => one.state === "failed");
  return failed && failed.r !== "me" ? html`<a class="push" href="/consults/${failed.r}">${t("line.look")}</a>` : nothing;
}

function bar(tone, name, text, action = nothing) {
  return html`<div class="line ${tone}" role="status">${icon(name)}<span>${text}</span>${action}</div>`;
}
