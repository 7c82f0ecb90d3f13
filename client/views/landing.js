/** The first page of a demo: one-click sign-ins, and a second clinician beside this one. */
import { html } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { tellError } from "../parts/toast.js";
import { t } from "../parts/words.js";
import { go } from "../router.js";
import { remember, screen, update } from "../screen.js";

/** Ask whether this is a demo and who can be played; undefined while the service cannot be reached. */
export async function loadDemo() {
  try {
    const answer = await screen.api.get("/demo");
    screen.demo = answer.people;
  } catch (error) {
    screen.demo = error.status === 0 ? undefined : null;
  }
  update();
}

/** Sign in as one of the demo's people. @param {string} who */
export async function playAs(who) {
  const state = remember("landing", () => ({ busy: "" }));
  if (state.busy) return;
  state.busy = who;
  update();
  try {
    await screen.api.post("/demo/sign-in", { who });
    await screen.app.start();
    go("/consults", { replace: true });
  } catch (error) {
    tellError(error);
  }
  state.busy = "";
  update();
}

function beside(event, who) {
  event.preventDefault();
  const width = Math.min(560, Math.floor(window.screen.availWidth / 2));
  const left = window.screen.availWidth - width;
  window.open(event.currentTarget.href, `curbside-${who}`, `popup,noopener,width=${width},height=${window.screen.availHeight},left=${left},top=0`);
}

/** The page. */
export function landing() {
  const state = remember("landing", () => ({ busy: "" }));
  return html`
    <div class="stack stack-loose">
      <div class="stack">
        <h1 class="display" tabindex="-1">${t("landing.title")}</h1>
        <p class="lead soft">${t("landing.text")}</p>
      </div>
      <section class="stack" aria-labelledby="people">
        <h2 id="people">${t("landing.people")}</h2>
        <ul class="people">${screen.demo.map((one) => person(one, state))}</ul>
      </section>
      <section class="stack" aria-labelledby="try">
        <h2 id="try">${t("landing.try")}</h2>
        <ol class="steps">
          <li>${t("landing.try.1")}</li>
          <li>${t("landing.try.2")}</li>
          <li>${t("landing.try.3")}</li>
        </ol>
      </section>
      <p class="note"><a href="/sign-in">${t("landing.password")}</a></p>
    </div>`;
}

function person(one, state) {
  const { who } = one;
  const letters = one.name.replace(/^Dr\.? /, "").split(" ").map((word) => word[0]).slice(0, 2).join("");
  return html`<li class="card person">
    <span class="monogram person-mark" aria-hidden="true">${letters}</span>
    <div class="person-words">
      <h3>${one.name}</h3>
      <p class="note soft">${[one.specialty || one.role, one.place].filter(Boolean).join(", ")}</p>
    </div>
    <div class="person-actions">
      <button class="btn btn-primary" type="button" aria-busy=${state.busy === who ? "true" : "false"}
        aria-label=${t("landing.as", { name: one.name })} @click=${() => playAs(who)}>${t("landing.sign_in")}</button>
      <a class="btn btn-beside" href="/?as=${encodeURIComponent(who)}&beside" target="_blank" rel="noopener"
        aria-label=${t("landing.beside_name", { name: one.name })} @click=${(event) => beside(event, who)}>${icon("columns-2")}${t("landing.beside")}</a>
    </div>
  </li>`;
}
