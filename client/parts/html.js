/** Rendering: the vendored lit-html under one roof, so that one file knows where it lies. */
export { html, nothing, render, svg } from "../vendor/lit-html.js";
export { classMap } from "../vendor/directives/class-map.js";
export { ifDefined } from "../vendor/directives/if-defined.js";
export { keyed } from "../vendor/directives/keyed.js";
export { live } from "../vendor/directives/live.js";
export { repeat } from "../vendor/directives/repeat.js";
