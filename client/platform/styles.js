/** Style sheets of screens that are loaded when they are opened. Effects only, no rules. */

const HERE = new URL("../styles/", import.meta.url);
const loaded = new Map();

/** Adds `styles/<name>.css` to the page, once. Done when it is in force; rejects where it cannot be loaded. */
export function loadStyles(name) {
  if (!loaded.has(name)) loaded.set(name, add(name));
  return loaded.get(name);
}

function add(name) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(`${name}.css`, HERE).pathname });
  return new Promise((resolve, reject) => {
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      loaded.delete(name);
      reject(new Error("a style sheet could not be loaded"));
    };
    document.head.append(link);
  });
}
