/**
 * Storage as the core knows it: text keys, values that survive a structured clone, everything asynchronous.
 *
 * May import nothing. `client/platform/idb.js` is the browser's; `memoryStore` serves tests, programs, and browsers
 * that have no storage to give (then nothing outlives the page, and nothing else changes).
 *
 * @typedef {{
 *   get: (key: string) => Promise<any>,
 *   put: (key: string, value: any) => Promise<void>,
 *   delete: (key: string) => Promise<void>,
 *   list: (prefix: string) => Promise<[string, any][]>,
 *   clear: (prefix: string) => Promise<void>,
 * }} Store  `list` gives pairs in the order of their keys
 */

/**
 * Makes a store in memory.
 * @param {Map<string, any>} [held] what it holds; give the same map to a second store to play a reload
 * @returns {Store}
 */
export function memoryStore(held = new Map()) {
  const under = (prefix) => [...held.keys()].filter((key) => key.startsWith(prefix)).sort();
  return {
    get: async (key) => held.get(key),
    put: async (key, value) => void held.set(key, structuredClone(value)),
    delete: async (key) => void held.delete(key),
    list: async (prefix) => under(prefix).map((key) => [key, held.get(key)]),
    clear: async (prefix) => under(prefix).forEach((key) => held.delete(key)),
  };
}

/**
 * Narrows a store to keys under a prefix, so that one account never sees what another left.
 * @param {Store} store
 * @param {string} prefix
 * @returns {Store}
 */
export function prefixed(store, prefix) {
  return {
    get: (key) => store.get(prefix + key),
    put: (key, value) => store.put(prefix + key, value),
    delete: (key) => store.delete(prefix + key),
    list: async (inner) => (await store.list(prefix + inner)).map(([key, value]) => [key.slice(prefix.length), value]),
    clear: (inner) => store.clear(prefix + inner),
  };
}
