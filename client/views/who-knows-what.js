/** Who can know what: plain words about pseudonyms, what the other side sees, and who could link. */
import { html } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { t } from "../parts/words.js";

const ROWS = [
  ["peer", "circle-user"],
  ["service", "lock"],
  ["operator", "key-round"],
  ["push", "bell"],
  ["summary", "file-text"],
];

/** The page; open to all. */
export function whoKnowsWhat() {
  return html`<article class="page">
    <h1 tabindex="-1">${t("who.title")}</h1>
    <p class="lead soft">${t("who.lead")}</p>
    ${ROWS.map(([name, sign]) => html`<section class="section who">
      ${icon(sign)}
      <div class="stack stack-tight"><h2>${t(`who.${name}`)}</h2><p>${t(`who.${name}.text`)}</p></div>
    </section>`)}
    <section class="section">
      <h2>${t("who.you")}</h2>
      <ul class="bullets"><li>${t("who.you.1")}</li><li>${t("who.you.2")}</li><li>${t("who.you.3")}</li></ul>
    </section>
  </article>`;
}
