/** The place that is not open yet, said plainly; and a path that leads nowhere. */
import { html } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { statement } from "../parts/states.js";
import { t } from "../parts/words.js";

function pane(content) {
  return html`<div class="panes panes-one"><div class="pane" tabindex="0">${content}</div></div>`;
}

/** @param {"cases"} name */
export function notOpenYet(name) {
  return pane(html`<header class="head"><h1 tabindex="-1">${t(`place.${name}`)}</h1></header>
    ${statement({
      icon: "book-open",
      title: t(`${name}.empty`),
      text: t(`${name}.empty.text`),
      action: html`<a class="btn" href="/consults">${icon("messages-square")}${t("consults.go")}</a>`,
    })}`);
}

/** An address that is not one of ours. */
export function notFound() {
  return pane(statement({
    icon: "circle-help",
    title: t("notfound"),
    text: t("notfound.text"),
    action: html`<a class="btn" href="/">${t("notfound.home")}</a>`,
    heading: true,
  }));
}
