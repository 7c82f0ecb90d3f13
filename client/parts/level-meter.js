/**
 * `<cb-level>`: how loud one's own microphone is, as a bar that keeps itself. It is measured only while it can be seen. Who
 * wants no motion gets a word once a second instead.
 */
import { openLevel } from "../platform/microphone.js";
import { t } from "./words.js";

const EVERY_MS = 80;
const WORD_MS = 1000;
const HEARD = 0.25; // a quiet room is below, a whisper above

class Level extends HTMLElement {
  connectedCallback() {
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.onChange = () => this.watch();
    document.addEventListener("visibilitychange", this.onChange);
    this.still.addEventListener("change", this.onChange);
    this.setAttribute("role", "meter");
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", "10");
    this.setAttribute("aria-label", t("sound.level"));
    this.watch();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.onChange);
    this.still.removeEventListener("change", this.onChange);
    clearInterval(this.timer);
    this.level?.close();
    this.level = null;
  }

  /** The microphone's track, null while there is none. */
  set track(track) {
    if (track === this.source) return;
    this.source = track;
    this.level?.close();
    this.level = null;
    if (this.isConnected) this.watch();
  }

  set muted(muted) {
    if (muted === this.silent) return;
    this.silent = muted;
    if (this.isConnected) this.watch();
  }

  watch() {
    clearInterval(this.timer);
    const wanted = this.source && !this.silent && document.visibilityState === "visible";
    if (!wanted) {
      this.level?.rest();
      return this.show(0);
    }
    this.level ??= openLevel(this.source);
    this.loudest = 0;
    this.timer = setInterval(() => this.measure(), EVERY_MS);
    this.sinceWord = 0;
    return this.measure();
  }

  measure() {
    const level = this.level.read();
    if (!this.still.matches) return this.show(level);
    this.loudest = Math.max(this.loudest, level);
    this.sinceWord += EVERY_MS;
    if (this.sinceWord < WORD_MS) return undefined;
    const { loudest } = this;
    Object.assign(this, { loudest: 0, sinceWord: 0 });
    return this.show(loudest);
  }

  show(level) {
    const tenths = Math.round(level * 10);
    this.setAttribute("aria-valuenow", String(tenths));
    this.toggleAttribute("data-still", this.still.matches);
    if (this.still.matches) this.textContent = t(this.silent ? "sound.level.muted" : level > HEARD ? "sound.level.heard" : "sound.level.silent");
    else {
      if (this.textContent) this.textContent = "";
      this.style.setProperty("--level", level.toFixed(2));
    }
  }
}

customElements.define("cb-level", Level);
