/**
 * Any order of events, faults and reloads, from a seed: afterwards the invariants of docs/protocol.md hold.
 *
 * To look at one failure: CURBSIDE_SEED=17 node --test tests/client/core/property.test.mjs
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../../../client/core/history.js";
import { seeded } from "./fakes.mjs";
import { ME } from "./model.mjs";
import { world } from "./world.mjs";

const SEEDS = Number(process.env.CURBSIDE_RUNS ?? 100);
const STEPS = 60;
const HEALING_MS = 150_000;

/** One life of the client: between two loads of the page. Watches what it is told. */
class Life {
  constructor(run, parts) {
    this.run = run;
    this.seen = new Map();
    this.pages = new Map();
    const api = run.server.api();
    this.app = run.open({ ...parts, api: { ...api, get: (path) => this.count(path, api.get(path)) } });
    const { app } = this;
    this.acked = run.acked;
    app.on("event", ({ r, event }) => this.watch(r, event));
    app.subscribe("r1");
    app.subscribe("r2");
    void app.start();
  }

  count(path, answer) {
    const [, r] = path.match(/^\/streams\/([^/]+)\//) ?? [];
    return answer.then((page) => {
      if (r) this.pages.set(r, (this.pages.get(r) ?? 0) + 1);
      return page;
    });
  }

  /** I4: strictly the next one, over reconnects too. Only a fresh page, where too much was missing, may go further on. */
  watch(r, event) {
    const key = `${r} ${this.app.stream(r).epoch}`;
    const last = this.seen.get(key);
    const next = last === undefined || event.s === last.s + 1 || (event.s > last.s && this.pages.get(r) !== last.pages);
    if (!next) this.run.violations.push(`I4: event ${event.s} of ${r} after ${last.s}`);
    this.seen.set(key, { s: event.s, pages: this.pages.get(r) });
  }

  publish(r, k, d) {
    const { c, promise } = this.app.publish(r, k, d);
    if (c === null) return;
    this.run.written.push({ r, c, tab: this.tab });
    promise.then(
      (answer) => answer.s !== null && this.acked.set(c, answer.s),
      () => undefined,
    );
  }
}

class Run {
  constructor(seed) {
    Object.assign(this, world(seed));
    this.pick = seeded(seed + 1_000_003);
    this.server.add("r2");
    this.written = [];
    this.acked = new Map();
    this.violations = [];
    this.words = 0;
    this.locking = this.pick() < 0.7;
    this.lives = [this.load(0)];
  }

  load(tab) {
    const channel = this.channel.tab();
    const life = new Life(this, { tabs: channel, locks: this.locking ? this.locks : null });
    return Object.assign(life, { channel, tab });
  }

  choose(list) {
    return list[Math.floor(this.pick() * list.length)];
  }

  async step() {
    const [weightless, steps] = [this.pick(), STEPS_OF];
    let at = weightless * steps.reduce((sum, [weight]) => sum + weight, 0);
    const [, work] = steps.find(([weight]) => (at -= weight) < 0);
    await work(this);
    await this.clock.advance(this.choose([2, 5, 40, 300, 3000]));
  }

  async heal() {
    Object.assign(this.server.faults, {
      refuseSockets: false,
      busy: 0,
      loseReply: 0,
      dropEvent: 0,
      repeatEvent: 0,
      pageFails: 0,
      httpDown: false,
      noRecovery: 0,
    });
    await this.clock.advance(HEALING_MS);
  }
}

const own = (run, r) =>
  run.server.streams.get(r).log.filter((event) => event.u === ME.name && event.k === "message" && !event.d.redacted);
const others = (run, r) =>
  run.server.streams.get(r).log.filter((event) => event.u === "Blue Fox" && event.k === "message" && !event.d.redacted);

/** [weight, what happens]. */
const STEPS_OF = [
  [10, (run) => run.choose(run.lives).publish(run.choose(["r1", "r2"]), "message", { text: `w${run.words++}` })],
  [
    2,
    (run) => {
      const r = run.choose(["r1", "r2"]);
      const target = run.choose(own(run, r));
      if (target)
        run.choose(run.lives).publish(r, run.choose(["edit", "redact"]), { target: target.s, text: `w${run.words++}` });
    },
  ],
  [
    6,
    (run) =>
      void run.server.append(run.choose(["r1", "r2"]), { k: "message", d: { text: `o${run.words++}` }, u: "Blue Fox" }),
  ],
  [
    2,
    (run) => {
      const r = run.choose(["r1", "r2"]);
      const target = run.choose(others(run, r));
      if (target)
        run.server.append(r, {
          k: run.choose(["edit", "redact"]),
          d: { target: target.s, text: `o${run.words++}` },
          u: "Blue Fox",
        });
    },
  ],
  [
    1,
    (run) => {
      for (let n = 0; n < 25; n += 1)
        run.server.append("r1", { k: "message", d: { text: `o${run.words++}` }, u: "Blue Fox" });
    },
  ],
  [3, (run) => void run.server.cutAll(run.choose([1006, 4000, 4001, 4008, 4014]))],
  [
    2,
    (run) => {
      for (const socket of run.server.sockets) if (run.pick() < 0.5) socket.silent = true;
    },
  ],
  [
    2,
    (run) => {
      run.server.faults.refuseSockets = !run.server.faults.refuseSockets;
    },
  ],
  [
    2,
    (run) => {
      run.server.faults.loseReply += 1;
    },
  ],
  [
    2,
    (run) => {
      run.server.faults.busy += 2;
    },
  ],
  [
    2,
    (run) => {
      run.server.faults.dropEvent += 1;
    },
  ],
  [
    2,
    (run) => {
      run.server.faults.repeatEvent += 2;
    },
  ],
  [
    1,
    (run) => {
      run.server.faults.noRecovery += 1;
    },
  ],
  [
    1,
    (run) => {
      run.server.faults.pageFails += 2;
    },
  ],
  [
    1,
    (run) => {
      run.server.faults.httpDown = !run.server.faults.httpDown;
    },
  ],
  [1, (run) => run.network.listeners.forEach((fn) => fn(run.pick() < 0.5))],
  [
    2,
    (run) => {
      const n = Math.floor(run.pick() * run.lives.length);
      run.lives[n].app.close();
      run.lives[n].channel.leave();
      run.lives[n] = run.load(n);
    },
  ],
  [
    1,
    (run) => {
      if (run.lives.length < 3) run.lives.push(run.load(run.lives.length));
    },
  ],
];

function checkLog(run) {
  const all = [...run.server.streams.values()].flatMap(({ r, log }) => log.map((event) => ({ ...event, r })));
  for (const { c, r } of run.written) {
    assert.equal(all.filter((event) => event.c === c).length, 1, `I6, I11: ${c} of ${r} is stored once, after healing`);
  }
  for (const [c, s] of run.acked)
    assert.equal(all.find((event) => event.c === c)?.s, s, "I1, I2: what was acknowledged stands under its number");
}

/**
 * What was written into a stream comes in the order in which it was written, over all reloads: in one tab always, and
 * over all tabs of the account where the browser has locks.
 */
function checkOrder(run) {
  for (const r of ["r1", "r2"]) {
    const written = run.written.filter((one) => one.r === r);
    const order = run.server.streams
      .get(r)
      .log.filter((event) => event.c)
      .map((event) => event.c);
    if (run.locking)
      assert.deepEqual(
        order,
        written.map((one) => one.c),
        `order of own messages in ${r}`,
      );
    for (const { tab } of run.lives) {
      const mine = written.filter((one) => one.tab === tab).map((one) => one.c);
      assert.deepEqual(
        order.filter((c) => mine.includes(c)),
        mine,
        `order of the messages of tab ${tab} in ${r}`,
      );
    }
  }
}

/** I5, I7, I8: every client stands at the head and shows what a fresh load of everything would show. */
function checkViews(run) {
  for (const { app } of run.lives) {
    assert.deepEqual(app.outbox(), []);
    assert.equal(app.line.state, "online");
    for (const r of ["r1", "r2"]) {
      const view = app.stream(r);
      const { log, epoch } = run.server.streams.get(r);
      assert.deepEqual([view.phase, view.pos, view.epoch], ["live", log.length, epoch]);
      const fresh = new History();
      fresh.reset(run.server.page(r, { limit: Infinity }).items, { read: 0, me: ME.name });
      const expected = fresh.list().filter((entry) => view.items.length === 0 || entry.s >= view.items[0].s);
      const plain = ({ s, k, u, c, d, removed, changed }) => ({
        s,
        k,
        u,
        c,
        d,
        removed,
        changed: changed && [changed.how, changed.at],
      });
      assert.deepEqual(view.items.map(plain), expected.map(plain));
    }
  }
}

async function play(seed) {
  const run = new Run(seed);
  await run.clock.advance(1000);
  for (let n = 0; n < STEPS; n += 1) await run.step();
  await run.heal();
  assert.deepEqual(run.violations, []);
  checkLog(run);
  checkOrder(run);
  checkViews(run);
  for (const { app } of run.lives) app.close();
}

const only = process.env.CURBSIDE_SEED;
const seeds = only ? [Number(only)] : Array.from({ length: SEEDS }, (_, n) => n + 1);

test(`whatever happens in between, nothing is lost, doubled or out of order (${seeds.length} schedules)`, async () => {
  for (const seed of seeds) {
    try {
      await play(seed);
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
});
