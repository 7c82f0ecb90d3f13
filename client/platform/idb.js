/**
 * Storage of the core on IndexedDB: one database, one table of text keys. What lies in it is sealed by the core.
 *
 * Where a browser gives no IndexedDB (some private windows) it falls back to memory: then nothing outlives the page.
 */
import { memoryStore } from "../core/store.js";

const NAME = "curbside";
const TABLE = "kept";

/** Makes the store; it is opened at its first use. @returns {import("../core/store.js").Store} */
export function idbStore() {
  let opened = null;
  const memory = memoryStore();
  const open = () => (opened ??= openDatabase().catch(() => null));
  const on =
    (mode, work, instead) =>
    async (...args) => {
      const db = await open();
      if (db === null) return instead(...args);
      return settle(db, mode, (table) => work(table, ...args));
    };
  return {
    get: on("readonly", (table, key) => table.get(key), memory.get),
    put: on("readwrite", (table, key, value) => table.put(value, key), memory.put),
    delete: on("readwrite", (table, key) => table.delete(key), memory.delete),
    clear: on("readwrite", (table, prefix) => table.delete(under(prefix)), memory.clear),
    list: async (prefix) => {
      const db = await open();
      if (db === null) return memory.list(prefix);
      return pairs(db, prefix);
    },
  };
}

function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onerror = request.onblocked = () => reject(request.error);
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

/** Done when the transaction is: a write that is only asked for may still be lost with the page. */
function settle(db, mode, work) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(TABLE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(TABLE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** Keys with their values, read in one pass: two reads could have a write between them. */
function pairs(db, prefix) {
  return new Promise((resolve, reject) => {
    const found = [];
    const request = db.transaction(TABLE, "readonly").objectStore(TABLE).openCursor(under(prefix));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return resolve(found);
      found.push([cursor.key, cursor.value]);
      return cursor.continue();
    };
  });
}

function under(prefix) {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}
