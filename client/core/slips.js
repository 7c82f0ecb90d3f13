/** How the desk's slips are asked for: pages one after the other, and a search that has something to look for. May import nothing. */

const FEWEST = 2;

/** What is typed into the box of the search. @param {string} q @returns {"none"|"short"|"whole"} */
export function queryOf(q) {
  const letters = q.trim().replace(/[^\p{L}\p{N}]/gu, "").length;
  if (q.trim() === "") return "none";
  return letters < FEWEST ? "short" : "whole";
}

/**
 * The slips of a state, as many pages as have been opened.
 * @param {(path: string) => Promise<{items: object[], next: string|null}>} get @param {string} clinic @param {string} state @param {number} pages
 */
export async function slipPages(get, clinic, state, pages) {
  const items = [];
  let next = null;
  for (let n = 0; n < pages && (n === 0 || next); n += 1) {
    const before = next ? `&before=${encodeURIComponent(next)}` : "";
    const page = await get(`/clinics/${clinic}/slips?state=${state}${before}`);
    items.push(...page.items);
    next = page.next;
  }
  return { items, next };
}
