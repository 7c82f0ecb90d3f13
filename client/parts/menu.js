/** A menu: a disclosure that closes on Escape, on a click elsewhere and on a choice. */
import { html, nothing } from "./html.js";
import { icon } from "./icon.js";

function close(details, refocus) {
  if (!details?.open) return;
  details.open = false;
  if (refocus) details.querySelector("summary").focus();
}

/** Let every open menu close as people expect. Called once. */
export function startMenus() {
  document.addEventListener("click", (event) => {
    for (const details of document.querySelectorAll("details.menu[open]")) {
      const inside = details.contains(event.target);
      if (!inside || event.target.closest(".menu-item")) close(details, false);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const details = event.target.closest?.("details.menu[open]");
    if (details) {
      event.preventDefault();
      close(details, true);
    }
  });
}

/**
 * @param {{label: string, icon?: string, text?: any, up?: boolean, kind?: string}} face the button
 * @param {(null|{icon: string, text: string, act?: () => void, href?: string, danger?: boolean}|"line")[]} items
 */
export function menu(face, items) {
  const shown = items.filter(Boolean);
  if (!shown.length) return nothing;
  return html`<details class="menu ${face.up ? "menu-up" : ""}">
    <summary class=${face.kind || "icon-btn"} aria-label=${face.text ? nothing : face.label}>
      ${face.text ?? nothing}${icon(face.icon || "ellipsis")}
    </summary>
    <div class="menu-list">${shown.map(menuItem)}</div>
  </details>`;
}

function menuItem(item) {
  if (item === "line") return html`<hr class="menu-line" />`;
  const tone = item.danger ? "menu-item menu-item-danger" : "menu-item";
  if (item.href) return html`<a class=${tone} href=${item.href}>${icon(item.icon)}${item.text}</a>`;
  return html`<button class=${tone} type="button" @click=${item.act}>${icon(item.icon)}${item.text}</button>`;
}
