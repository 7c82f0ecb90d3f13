/** This device: the language of the screens and the theme; kept here and nowhere else. */
import { html } from "../parts/html.js";
import { keepLanguage, LANGUAGES, screenLanguage, t } from "../parts/words.js";
import { update } from "../screen.js";

const THEMES = ["auto", "light", "dark"];

function theme() {
  return localStorage.getItem("curbside.theme") || "auto";
}

function keepTheme(name) {
  localStorage.setItem("curbside.theme", name);
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  update();
}

/** The section of the screen Me. */
export function deviceSection() {
  return html`<section class="section" aria-labelledby="me-device">
    <h2 id="me-device">${t("device.title")}</h2>
    <div class="field">
      <label for="screen-language">${t("device.language")}</label>
      <select class="input narrow" id="screen-language" @change=${(event) => keepLanguage(event.target.value).then(update)}>
        ${Object.entries(LANGUAGES).map(([tag, name]) => html`<option value=${tag} lang=${tag} .selected=${tag === screenLanguage()}>${name}</option>`)}
      </select>
    </div>
    <fieldset class="field">
      <legend>${t("device.theme")}</legend>
      <div class="choices choices-across">${THEMES.map((name) => html`<label class="choice">
        <input type="radio" name="theme" value=${name} .checked=${theme() === name} @change=${() => keepTheme(name)} />
        <span>${t(`device.theme.${name}`)}</span>
      </label>`)}</div>
    </fieldset>
  </section>`;
}
