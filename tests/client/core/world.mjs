/** An app on fakes, signed in, and the model server that it speaks to. */
import { createApp } from "../../../client/core/app.js";
import { memoryStore } from "../../../client/core/store.js";
import { FakeChannel, FakeClock, FakeLocks, fakeCrypto, seeded } from "./fakes.mjs";
import { ModelServer } from "./model.mjs";

export function world(seed = 1) {
  const random = seeded(seed);
  const clock = new FakeClock();
  const server = new ModelServer(clock, random);
  server.add("r1");
  const held = new Map();
  const locks = new FakeLocks();
  const channel = new FakeChannel();
  const network = {
    listeners: new Set(),
    up: true,
    online: () => network.up,
    on: (fn) => {
      network.listeners.add(fn);
      return () => network.listeners.delete(fn);
    },
  };
  const open = (parts = {}) =>
    createApp({
      url: "ws://x/ws",
      api: server.api(),
      openSocket: server.openSocket,
      storage: memoryStore(held),
      clock,
      random,
      crypto: fakeCrypto(random),
      locks,
      tabs: channel.tab(),
      network,
      later: queueMicrotask,
      ...parts,
    });
  return { random, clock, server, held, locks, channel, network, open };
}

export async function signedIn(parts) {
  const all = world();
  const app = all.open(parts);
  void app.start();
  await all.clock.advance(500);
  app.subscribe("r1");
  await all.clock.advance(500);
  return { ...all, app };
}

export const texts = (view) => view.items.map((item) => item.d.text);
