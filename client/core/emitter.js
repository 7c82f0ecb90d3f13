/**
 * Events for screens. Values that replace each other (a view, the line) are told once a task, the newest; things that
 * happened are told each. May import nothing.
 */
export class Emitter {
  /** @param {(fn: () => void) => void} later runs something after the current task */
  constructor(later) {
    this.later = later;
    this.listeners = new Map();
    this.pending = new Map();
  }

  on(name, fn) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name).add(fn);
    return () => this.listeners.get(name).delete(fn);
  }

  /** Tells of something that happened. A listener that fails does not keep the others from hearing it. */
  tell(name, value) {
    for (const fn of [...(this.listeners.get(name) ?? [])]) {
      try {
        fn(value);
      } catch (error) {
        this.later(() => {
          throw error;
        });
      }
    }
  }

  /** Tells that a value changed, with what `read` gives then, soon and once for all changes until then. */
  changed(name, key, read) {
    const id = `${name}\n${key}`;
    if (this.pending.size === 0) this.later(() => this.flush());
    this.pending.set(id, { name, read });
  }

  flush() {
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const { name, read } of pending) this.tell(name, read());
  }
}
