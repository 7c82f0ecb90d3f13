/** Fakes for the core's tests: a clock that is moved by hand, chance from a seed, crypto that is instant, tabs. */

/** Lets everything run that waits on promises only. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Chance from a seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class FakeClock {
  constructor(start = 1_700_000_000_000) {
    this.wall = start;
    this.time = 1000;
    this.timers = new Map();
    this.next = 1;
    this.now = () => this.wall;
    this.mono = () => this.time;
    this.setTimeout = (work, ms) => {
      const id = this.next++;
      this.timers.set(id, { at: this.time + Math.max(0, ms || 0), work, id });
      return id;
    };
    this.clearTimeout = (id) => void this.timers.delete(id);
  }

  /** Moves on by `ms`, running what comes due, in order. */
  async advance(ms) {
    await settle();
    const until = this.time + ms;
    for (let turns = 0; ; turns += 1) {
      if (turns > 20_000) throw new Error("timers run in a circle");
      const due = [...this.timers.values()]
        .filter((timer) => timer.at <= until)
        .sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (!due) break;
      this.move(due.at);
      this.timers.delete(due.id);
      due.work();
      await settle();
    }
    this.move(until);
  }

  move(at) {
    this.wall += at - this.time;
    this.time = at;
  }
}

/** Random bytes from a seed, and a cipher that only marks: tests of the real one are in `sealed.test.mjs`. */
export function fakeCrypto(random) {
  const key = (bytes) => Array.from(new Uint8Array(bytes)).join();
  return {
    getRandomValues: (bytes) => bytes.map((_, n) => (bytes[n] = Math.floor(random() * 256))),
    subtle: {
      importKey: async (_format, bytes) => ({ key: key(bytes) }),
      encrypt: async (how, { key: held }, data) => pack({ held, place: key(how.additionalData), data: [...data] }),
      decrypt: async (how, { key: held }, data) => {
        const box = unpack(data);
        if (box.held !== held || box.place !== key(how.additionalData)) throw new Error("not this key");
        return Uint8Array.from(box.data);
      },
      digest: async (_how, bytes) =>
        Uint8Array.from({ length: 32 }, (_, n) => bytes.reduce((sum, byte, at) => (sum * 31 + byte + at + n) % 256, 7)),
    },
  };
}

const pack = (value) => new TextEncoder().encode(JSON.stringify(value));
const unpack = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** One lock for all tabs that share it, as Web Locks grant it. */
export class FakeLocks {
  constructor() {
    this.held = null;
    this.queue = [];
  }

  request(name, { signal, steal } = {}, work) {
    return new Promise((resolve, reject) => {
      const one = { work, resolve, reject };
      signal?.addEventListener("abort", () => {
        this.queue = this.queue.filter((other) => other !== one);
        reject(new Error("aborted"));
      });
      if (steal && this.held) {
        this.held.reject(new Error("stolen"));
        this.held = null;
      }
      if (steal) this.queue.unshift(one);
      else this.queue.push(one);
      this.grant();
    });
  }

  grant() {
    if (this.held || this.queue.length === 0) return;
    const one = this.queue.shift();
    this.held = one;
    void Promise.resolve()
      .then(one.work)
      .then((value) => {
        one.resolve(value);
        if (this.held !== one) return;
        this.held = null;
        this.grant();
      });
  }
}

/** A channel between tabs: what one posts, the others hear, a moment later. */
export class FakeChannel {
  constructor() {
    this.tabs = new Set();
  }

  tab() {
    const tab = { listeners: new Set() };
    this.tabs.add(tab);
    return {
      post: (message) => {
        for (const other of this.tabs) {
          if (other !== tab)
            void Promise.resolve().then(() => other.listeners.forEach((fn) => fn(structuredClone(message))));
        }
      },
      on: (fn) => {
        tab.listeners.add(fn);
        return () => tab.listeners.delete(fn);
      },
      leave: () => this.tabs.delete(tab),
    };
  }
}
