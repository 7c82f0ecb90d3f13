/** Minutes a day and why calls ended, drawn by hand as SVG; the same figures stand in a table for who cannot see them. */
import { columns, labelled, shares } from "../core/chart.js";
import { html, nothing, svg } from "../parts/html.js";
import { screenLanguage, t } from "../parts/words.js";
import { endText } from "./call-facts.js";

const HEIGHT = 150;
const HEAD = 10;
const FOOT = 24;
const SIDE = 36;
const BAR = 13;
const LABEL = 76;

/** Drawn as wide as it will about be, so that its text is as large as other text. */
function widthHere() {
  return matchMedia("(max-width: 44.99rem)").matches ? 300 : 560;
}

function shortDay(iso) {
  return new Intl.DateTimeFormat(screenLanguage(), { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${iso}T00:00Z`));
}

function figure(number) {
  return new Intl.NumberFormat(screenLanguage(), { maximumFractionDigits: 1 }).format(number);
}

/**
 * @param {{days: {day: string, minutes: number, calls: number}[], reasons: {reason: string, says: string, count: number}[],
 *   refusals: {reason: string, says: string, count: number}[]}} figures
 */
export function chart({ days, reasons, refusals }) {
  if (!reasons.length && !refusals.length) return nothing;
  return html`<div class="charts">${minutes(days)}${why(reasons, refusals)}</div>`;
}

function minutes(days) {
  const width = widthHere();
  const { top, bars } = columns(days.map((one) => one.minutes), { width: width - SIDE, height: HEIGHT });
  const named = labelled(days.length, (width - SIDE) / LABEL);
  const whole = Math.round(days.reduce((sum, one) => sum + one.minutes, 0));
  return html`<figure class="card chart">
    <figcaption><b>${t("chart.minutes")}</b> <span class="soft">${t("chart.minutes.sum", { count: whole })}</span></figcaption>
    <svg viewBox="0 0 ${width} ${HEAD + HEIGHT + FOOT}" role="img" aria-label=${t("chart.minutes.label", { count: whole })}>
      ${[0, 0.5, 1].map((part) => line(HEAD + HEIGHT - part * HEIGHT, width, figure(top * part)))}
      ${bars.map((bar, n) => svg`<rect class="chart-bar" x=${SIDE + bar.x} y=${HEAD + bar.y} width=${bar.width} height=${bar.height} rx="2"></rect>
        ${named(n) && bar.x + LABEL * 0.6 < width - SIDE ? svg`<text class="chart-text" text-anchor="start" x=${SIDE + bar.x} y=${HEAD + HEIGHT + 17}>${shortDay(days[n].day)}</text>` : nothing}`)}
    </svg>
    ${table([t("chart.day"), t("chart.minutes.short"), t("chart.calls")], days.map((one) => [shortDay(one.day), figure(one.minutes), figure(one.calls)]))}
  </figure>`;
}

function line(y, width, text) {
  return svg`<line class="chart-line" x1=${SIDE} x2=${width} y1=${y} y2=${y}></line><text class="chart-text" text-anchor="end" x=${SIDE - 6} y=${y + 4}>${text}</text>`;
}

function why(reasons, refusals) {
  const parts = shares([...reasons, ...refusals].map((one) => one.count));
  return html`<figure class="card chart">
    ${bars(t("chart.reasons"), reasons, parts)}
    ${bars(t("chart.refusals"), refusals, parts.slice(reasons.length))}
  </figure>`;
}

function bars(title, list, parts) {
  if (!list.length) return nothing;
  return html`<figcaption><b>${title}</b></figcaption>
    <ul class="reasons">${list.map((one, n) => html`<li><span>${endText(one).split(". ")[0].replace(/\.$/, "")}</span>
      <svg class="reasons-bar" viewBox="0 0 100 ${BAR}" preserveAspectRatio="none" aria-hidden="true">${svg`<rect class="chart-bar" width=${Math.max(1, parts[n] * 100)} height=${BAR}></rect>`}</svg>
      <span class="figures strong">${figure(one.count)}</span></li>`)}</ul>`;
}

function table(head, rows) {
  return html`<details class="more"><summary>${t("chart.figures")}</summary><table class="table"><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell, n) => html`<td class=${n ? "figures" : ""}>${cell}</td>`)}</tr>`)}</tbody></table></details>`;
}
