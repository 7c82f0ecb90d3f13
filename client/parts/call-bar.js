/** The bar that tells of a call that goes on while one looks at something else, with the way back to it. */
import { liveCall } from "../call-list.js";
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";
import { t } from "./words.js";

/** Drawn by the frame. @param {{name: string, r?: string}} route */
export function callBar(route) {
  const call = liveCall();
  if (!call || (route.name === "call" && route.r === call.r)) return nothing;
  return html`<div class="line line-call" role="status">${icon("phone-call")}<span>${t("callbar.live")}</span>
    <a class="push" href="/calls/${call.r}">${t("callbar.go")}</a></div>`;
}
