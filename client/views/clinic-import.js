/** Patients from a CSV file: looked through first, wrong rows named by their line, then added batch by batch with progress. */
import { cutFile } from "../core/batches.js";
import { beginningOf, readFile } from "../core/csv-text.js";
import { openDialog } from "../parts/dialog.js";
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { callout } from "../parts/states.js";
import { errorText, t } from "../parts/words.js";
import { screen, update } from "../screen.js";

const LONGEST = 8_000_000;
const SHOWN = 100;
const MOST = 100;
const COLUMNS = "name, born, number, second, message, language, guardian, interpreter, hide_clinic, do_not_call";

/** @param {object} clinic @param {() => void} done */
export function importFile(clinic, done) {
  const state = { step: "choose", name: "", text: "", older: false, ignore: false, unknown: [], rows: 0, done: 0, added: 0, known: 0, wrong: [], error: "", stopped: false };
  openDialog(t("import.title"), (close) => STEPS[state.step](clinic, state, close)).finally(() => {
    state.stopped = true;
    if (state.added) done();
  });
}

const STEPS = { choose, looking: running, looked, adding: running, added };

function choose(clinic, state) {
  return html`<div class="stack">
    ${state.error ? callout("end", "circle-alert", state.error, "alert") : nothing}
    ${state.unknown.length ? html`<p><button class="btn" type="button" @click=${() => { Object.assign(state, { ignore: true, unknown: [], error: "" }); void run(clinic, state, "looking", true); }}>${t("import.columns.ignore")}</button></p>` : nothing}
    <p>${t("import.text")}</p>
    <p class="note soft">${t("import.columns")} <code class="mono">${COLUMNS}</code></p>
    <div class="field"><label for="import-file">${t("import.file")}</label><p class="hint" id="import-hint">${t("import.hint")}</p>
      <input class="input" id="import-file" type="file" accept=".csv,text/csv" aria-describedby="import-hint" @change=${(event) => take(clinic, state, event.target.files[0])} /></div>
  </div>`;
}

async function take(clinic, state, file) {
  if (!file) return;
  if (file.size > LONGEST) {
    Object.assign(state, { error: t("import.too_long") });
    return void update();
  }
  Object.assign(state, { name: file.name, ...readFile(await file.arrayBuffer()), ignore: false, unknown: [], error: "" });
  await run(clinic, state, "looking", true);
}

/** Send the batches one after the other. What was refused as a whole ends it; rows that are wrong do not. */
async function run(clinic, state, step, dry) {
  const { rows, batches } = cutFile(state.text, MOST);
  Object.assign(state, { step, rows, done: 0, added: 0, known: 0, wrong: [] });
  update();
  try {
    if (!rows) throw new Error(t("import.empty"));
    for (const batch of batches) {
      if (state.stopped) return;
      const answer = await screen.api.post(`/clinics/${clinic.id}/patients/import`, { csv: batch.csv, dry, ignore: state.ignore });
      state.added += answer.added;
      state.known += answer.known;
      state.wrong.push(...answer.wrong.map((one) => ({ ...one, line: batch.lineOf(one.line) })));
      state.done += batch.rows;
      update();
    }
    state.step = dry ? "looked" : "added";
  } catch (error) {
    // What is in is in: a file may be sent again, for whoever is known is left as they are.
    if (error.code === "patient.columns" && error.d) return void columns(state, error.d);
    Object.assign(state, { step: "choose", error: error.code ? `${errorText(error)} ${t("import.failed")}` : error.message });
  }
  update();
}

/** Which columns are missing and which are not known, by what the file calls them. */
function columns(state, { missing, unknown, twice }) {
  const [head] = beginningOf(state.text);
  const named = (places) => places.map((place) => head[place - 1] || `${place}`).join(", ");
  const said = [
    missing.length ? t("import.columns.missing", { names: missing.join(", ") }) : "",
    twice.length ? t("import.columns.twice", { names: named(twice) }) : "",
    unknown.length ? t("import.columns.unknown", { names: named(unknown) }) : "",
  ];
  Object.assign(state, { step: "choose", error: said.filter(Boolean).join(" "), unknown: missing.length || twice.length ? [] : unknown });
  update();
}

/** A file that is not in UTF-8 was read as older spreadsheets write it; whether the letters are right can be seen. */
function preview(state) {
  if (!state.older) return nothing;
  const [, row = []] = beginningOf(state.text);
  return callout("wait", "triangle-alert", html`<b>${t("import.older")}</b><p dir="auto">${row.join(" · ")}</p>`);
}

function running(clinic, state, close) {
  return html`<div class="stack"><p role="status">${t(state.step === "looking" ? "import.looking" : "import.adding", { done: state.done, rows: state.rows })}</p>
    <progress class="progress" max=${state.rows} value=${state.done} aria-label=${t("import.title")}></progress>
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("import.stop")}</button></div></div>`;
}

function looked(clinic, state, close) {
  return html`<div class="stack">
    ${preview(state)}
    <dl class="facts"><div><dt>${t("import.new")}</dt><dd class="figures">${state.added}</dd></div><div><dt>${t("import.known")}</dt><dd class="figures">${state.known}</dd></div>
      <div><dt>${t("import.wrong")}</dt><dd class="figures">${state.wrong.length}</dd></div></dl>
    ${errors(state)}
    <div class="dialog-actions"><button class="btn" type="button" @click=${() => close()}>${t("cancel")}</button>
      <button class="btn btn-primary" type="button" aria-disabled=${state.added ? nothing : "true"} @click=${() => state.added && run(clinic, state, "adding", false)}>${t("import.do", { count: state.added })}</button></div>
  </div>`;
}

function added(clinic, state, close) {
  return html`<div class="stack">${callout("done", "circle-check", t("import.done", { count: state.added }), "status")}${errors(state)}
    <div class="dialog-actions"><button class="btn btn-primary" type="button" @click=${() => close()}>${t("done")}</button></div></div>`;
}

function errors({ wrong }) {
  if (!wrong.length) return nothing;
  return html`<section class="section"><h3>${t("import.errors")}</h3><p class="note soft">${t("import.errors.text")}</p>
    <div class="errors" tabindex="0" role="region" aria-label=${t("import.errors")}><table class="table"><thead><tr><th scope="col">${t("import.line")}</th><th scope="col">${t("import.field")}</th><th scope="col">${t("import.why")}</th></tr></thead>
      <tbody>${wrong.slice(0, SHOWN).map((one) => html`<tr><td class="figures">${one.line}</td><td>${one.field}</td><td>${errorText(one)}</td></tr>`)}</tbody></table></div>
    ${wrong.length > SHOWN ? html`<p class="note soft">${icon("info")} ${t("import.more", { count: wrong.length - SHOWN })}</p>` : nothing}</section>`;
}
