/** Where one writes. A draft outlives everything; Enter sends on a desk, the button on a phone; nothing typed is lost. */
import { html, nothing } from "../parts/html.js";
import { icon } from "../parts/icon.js";
import { markedField, markList, marksIn } from "../parts/marked.js";
import { announce, tellError } from "../parts/toast.js";
import { t } from "../parts/words.js";
import { remember, screen, update, updateNow } from "../screen.js";
import { goToNewest } from "./scroll.js";

const MAX = 4000;

function memory(r) {
  return remember(`composer/${r}`, () => {
    const state = { r, text: "", editing: null, before: "" };
    screen.app.drafts.get(r).then((text) => {
      if (text && !state.text) state.text = text;
      update();
    }, () => {});
    return state;
  });
}

function setText(state, text) {
  state.text = text;
  if (!state.editing) {
    screen.app.drafts.set(state.r, text);
    if (text) screen.app.typing(state.r);
  }
  update();
}

/** Change a message that was sent. @param {string} r @param {object} one its item */
export function editSent(r, one) {
  startEditing(memory(r), { target: one.s, original: one.d.text });
}

/** Change a message that waits or was refused. @param {string} r @param {object} one its item */
export function editFailed(r, one) {
  startEditing(memory(r), { c: one.c, original: one.d.text });
}

function startEditing(state, editing) {
  if (!state.editing) state.before = state.text;
  Object.assign(state, { editing, text: editing.original });
  updateNow();
  focusComposer();
}

function stopEditing(state) {
  Object.assign(state, { editing: null, text: state.before, before: "" });
  updateNow();
  focusComposer();
}

/** Put the caret where one writes, at the end. */
export function focusComposer() {
  const field = document.querySelector("#composer-text");
  if (!field) return;
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function send(state) {
  const text = state.text.trim();
  if (!text) return;
  const marks = marksIn(state.text);
  if (marks.length) {
    announce(t("gate.stops", { count: marks.length }));
    document.querySelector("#gate-marks button")?.focus();
    return;
  }
  const { editing, r } = state;
  if (editing?.target) {
    if (text !== editing.original) screen.app.publish(r, "edit", { target: editing.target, text }).promise.catch(tellError);
    stopEditing(state);
    return;
  }
  const sent = editing ? screen.app.edit(editing.c, { text }) : screen.app.publish(r, "message", { text });
  // A refusal stands at the message itself, with its reason and its ways out.
  sent.promise.catch(() => {});
  if (editing) {
    stopEditing(state);
    return;
  }
  state.text = "";
  screen.app.drafts.clear(r);
  updateNow();
  goToNewest();
  focusComposer();
}

function onKey(event, state, view) {
  if (event.isComposing) return;
  const desk = matchMedia("(pointer: fine)").matches;
  if (event.key === "Enter" && !event.shiftKey && (desk || event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    send(state);
  } else if (event.key === "Escape" && state.editing) {
    event.preventDefault();
    stopEditing(state);
  } else if (event.key === "ArrowUp" && !state.text && !state.editing) {
    const own = [...view.items].reverse().find((one) => one.mine && one.k === "message" && one.s && !one.removed);
    if (own) {
      event.preventDefault();
      editSent(view.r, own);
    }
  }
}

/** @param {object} item the consult @param {object} view its stream */
export function composer(item, view) {
  const state = memory(item.r);
  const marks = marksIn(state.text);
  const left = MAX - state.text.length;
  const label = item.state === "waiting" ? t("composer.add") : t("composer.label");
  return html`<form class="composer" @submit=${(event) => { event.preventDefault(); send(state); }}>
    ${state.editing
      ? html`<p class="editing">${icon("pencil")}<span>${t("msg.editing")}</span>
          <button class="btn btn-quiet btn-small push" type="button" @click=${() => stopEditing(state)}>${t("cancel")}</button></p>`
      : nothing}
    ${markList(state.text, marks, (text) => { setText(state, text); focusComposer(); })}
    <div class="composer-row">
      ${markedField({ id: "composer-text", text: state.text, marks, label, placeholder: label, max: MAX, describedby: "gate-marks",
        onText: (text) => setText(state, text), onKey: (event) => onKey(event, state, view) })}
      <button class="send" type="submit" aria-label=${state.editing ? t("save") : t("msg.send")}
        aria-disabled=${state.text.trim() ? nothing : "true"} @pointerdown=${(event) => event.preventDefault()}>
        ${icon(state.editing ? "check" : "send-horizontal")}</button>
    </div>
    ${left < 200 ? html`<p class="hint figures">${t("ask.left", { count: left })}</p>` : nothing}
  </form>`;
}
