/**
 * What a screen sees of one stream: the stream's history and what the outbox still keeps for it, in one list.
 *
 * May import nothing. A view is a fresh value each time; an item that did not change is the same object as before, so
 * that rendering can skip it.
 */

const ON_TARGET = new Set(["edit", "redact"]);

export class Views {
  constructor() {
    this.items = new WeakMap();
  }

  /**
   * Makes the view of a stream.
   * @param {import("./stream.js").Stream} stream
   * @param {{kept: object[], sent: {entry: object, s: number}[], canEdit: Function, canDrop: Function,
   *   now: number}} parts
   *   kept: entries of the outbox for this stream; sent: confirmed, whose event has not come yet
   */
  of(stream, { kept, sent, canEdit, canDrop, now }) {
    const readByOthers = Math.max(0, ...[...stream.people.values()].map((person) => person.read));
    const changes = new Map(kept.filter((entry) => ON_TARGET.has(entry.k)).map((entry) => [entry.d.target, entry]));
    const entries = stream.history.list();
    const items = entries.map((entry) => this.item(stream, entry, readByOthers, changes.get(entry.s)));
    const pending = [
      ...sent
        .filter(({ entry }) => !stream.history.byC.has(entry.c))
        .map(({ entry, s }) => pendingItem(entry, stream.me, { s, state: "sent" })),
      ...kept
        .filter((entry) => !stream.history.byC.has(entry.c))
        .map((entry) => pendingItem(entry, stream.me, { canEdit: canEdit(entry), canDrop: canDrop(entry) })),
    ].filter((item) => !ON_TARGET.has(item.k));
    const people = peopleOf(stream, now);
    return Object.freeze({
      r: stream.r,
      epoch: stream.epoch,
      pos: stream.pos ?? 0,
      head: stream.head,
      me: stream.me,
      read: stream.read,
      unread: entries.filter((entry) => entry.s > stream.read && entry.k === "message" && entry.u !== stream.me).length,
      phase: stream.phase,
      missing: stream.missing,
      older: stream.history.older,
      loadingOlder: stream.loadingOlder,
      error: stream.error,
      items: [...items, ...pending],
      people,
      someoneTyping: Object.values(people).some((person) => person.typing),
      someoneHere: Object.values(people).some((person) => person.here),
    });
  }

  item(stream, entry, readByOthers, pendingEntry) {
    const mine = entry.u !== null && entry.u === stream.me;
    const state = !mine ? "received" : readByOthers >= entry.s ? "read" : "sent";
    const pending = pendingEntry ? `${pendingEntry.c}${pendingEntry.state}${pendingEntry.version}` : "";
    const known = this.items.get(entry);
    if (known?.item.state === state && known.pending === pending) return known.item;
    const item = Object.freeze({
      id: mine && entry.c ? entry.c : `${stream.r}:${entry.s}`,
      s: entry.s,
      k: entry.k,
      u: entry.u,
      c: entry.c,
      ts: entry.ts,
      d: entry.d,
      mine,
      state,
      changed: entry.changed && { how: entry.changed.how, at: entry.changed.at, afterRead: entry.changed.afterRead },
      removed: entry.removed,
      failure: null,
      canEdit: mine && entry.k === "message" && !entry.removed,
      canDrop: false,
      pendingChange: pendingEntry
        ? {
            c: pendingEntry.c,
            k: pendingEntry.k,
            d: pendingEntry.d,
            state: pendingEntry.state,
            failure: pendingEntry.failure,
          }
        : null,
    });
    this.items.set(entry, { item, pending });
    return item;
  }
}

function pendingItem(entry, me, more) {
  return Object.freeze({
    id: entry.c,
    s: null,
    k: entry.k,
    u: me,
    c: entry.c,
    ts: entry.at,
    d: entry.d,
    mine: true,
    state: entry.state,
    changed: null,
    removed: false,
    failure: entry.failure,
    canEdit: false,
    canDrop: false,
    pendingChange: null,
    ...more,
  });
}

function peopleOf(stream, now) {
  const named = [...stream.people].map(([name, { read, hereUntil, typingUntil }]) => [
    name,
    { read, here: hereUntil > now, typing: typingUntil > now },
  ]);
  return Object.fromEntries(named);
}
