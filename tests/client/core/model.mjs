/**
 * A small server in memory that obeys docs/protocol.md, with switches for what goes wrong: answers that are lost after
 * the commit, events that are not delivered or delivered twice, sockets that break, a database that is busy.
 */
import { decode } from "../../../client/core/protocol.js";

const ME = { name: "Grey Heron", account: "inbox-1" };

export class ModelServer {
  constructor(clock, random) {
    this.clock = clock;
    this.random = random;
    this.streams = new Map();
    this.sockets = new Set();
    this.faults = {
      refuseSockets: false,
      busy: 0,
      loseReply: 0,
      dropEvent: 0,
      repeatEvent: 0,
      pageFails: 0,
      httpDown: false,
      noRecovery: 0,
    };
    this.signedIn = true;
    this.session = 1;
    this.tickets = 0;
    this.answers = [];
    this.add(ME.account);
  }

  add(r, epoch = "e1") {
    this.streams.set(r, { r, epoch, log: [], left: false, final: false });
  }

  // --- the log -----------------------------------------------------------------------------------------------------

  /** Commits one event and tells all who follow. */
  append(r, { k, d, u, c }) {
    const stream = this.streams.get(r);
    const event = {
      t: "ev",
      r,
      s: stream.log.length + 1,
      k,
      u,
      c,
      ts: this.clock.now(),
      d: k === "edit" || k === "redact" ? {} : d,
      target: d.target,
    };
    if (k === "edit") stream.log[d.target - 1].d = { text: d.text };
    if (k === "redact") stream.log[d.target - 1].d = { redacted: true };
    stream.log.push(event);
    for (const socket of this.sockets) if (socket.rooms.has(r)) this.deliver(socket, this.served(r, event));
    return event;
  }

  /** What is served of an event now: edits filled from their target. */
  served(r, event) {
    const { target, ...frame } = event;
    if (target === undefined) return structuredClone(frame);
    const filled = event.k === "edit" ? this.streams.get(r).log[target - 1].d : {};
    return structuredClone({ ...frame, d: { target, ...filled } });
  }

  page(r, { before = Infinity, limit = 50 } = {}) {
    const stream = this.streams.get(r);
    const events = stream.log.filter((event) => event.s < before).slice(-limit);
    return {
      items: events.map((event) => this.served(r, event)),
      e: stream.epoch,
      head: stream.log.length,
      me: ME.name,
      read: 0,
      reads: {},
    };
  }

  /** A restored backup: the last events are gone, and the numbers will be used again. */
  restore(r, epoch, lost) {
    const stream = this.streams.get(r);
    stream.log.splice(Math.max(0, stream.log.length - lost));
    stream.epoch = epoch;
    this.cutAll();
  }

  // --- HTTP --------------------------------------------------------------------------------------------------------

  api() {
    const fail = (status, code) =>
      Object.assign(new Error(code), {
        status,
        code,
        msg: code,
        retry: status === 0 || status >= 500,
        after: null,
        signedOut: status === 401,
      });
    const guard = () => {
      if (this.faults.httpDown) throw fail(0, "network");
      if (!this.signedIn) throw fail(401, "unauthorized");
    };
    return {
      skew: () => 0,
      get: async (path) => {
        guard();
        if (path === "/me") return { inbox: ME.account, outbox_key: btoa(String.fromCharCode(64 + this.session).repeat(32)), name: "Dr X" };
        if (path === "/offers") return { items: [] };
        const [, r] = path.match(/^\/streams\/([^/]+)\/events/) ?? [];
        if (!r) throw fail(404, "not_found");
        if (this.faults.pageFails > 0) {
          this.faults.pageFails -= 1;
          throw fail(503, "busy");
        }
        if (!this.streams.has(r) || this.streams.get(r).left) throw fail(404, "not_found");
        const before = path.match(/before=(\d+)/);
        const page = this.page(r, before ? { before: Number(before[1]) } : {});
        await this.pause();
        return page;
      },
      ticket: async () => {
        guard();
        this.tickets += 1;
        return { tok: `ticket-${this.tickets}`, lifetimeMs: 900_000 };
      },
      auth: async () => {
        if (this.faults.httpDown) throw fail(0, "network");
        this.signedIn = false;
        throw fail(401, "unauthorized");
      },
    };
  }

  pause() {
    return new Promise((resolve) => this.clock.setTimeout(resolve, 5 + this.random() * 60));
  }

  // --- sockets -----------------------------------------------------------------------------------------------------

  openSocket = () => {
    const socket = {
      readyState: 0,
      rooms: new Set(),
      queue: Promise.resolve(),
      n: 0,
      at: 0,
      live: true,
      silent: false,
    };
    socket.send = (text) => this.later(socket, () => decode(text).forEach((frame) => this.take(socket, frame)));
    socket.close = () => this.drop(socket);
    this.clock.setTimeout(
      () => {
        if (!socket.live) return;
        if (this.faults.refuseSockets) return this.cut(socket);
        socket.readyState = 1;
        this.sockets.add(socket);
        this.beat(socket);
        socket.onopen?.();
      },
      5 + this.random() * 30,
    );
    return socket;
  };

  /** The network keeps the order of one socket, and nothing else. */
  later(socket, work) {
    socket.at = Math.max(socket.at, this.clock.mono() + 2 + this.random() * 40);
    this.clock.setTimeout(() => socket.live && !socket.silent && work(), socket.at - this.clock.mono());
  }

  write(socket, frame) {
    this.later(socket, () => socket.onmessage?.({ data: JSON.stringify(frame) }));
  }

  deliver(socket, frame) {
    if (this.faults.dropEvent > 0) {
      this.faults.dropEvent -= 1;
      return;
    }
    this.write(socket, frame);
    if (this.faults.repeatEvent > 0) {
      this.faults.repeatEvent -= 1;
      this.write(socket, frame);
    }
  }

  beat(socket) {
    this.clock.setTimeout(() => {
      if (!socket.live) return;
      const heads = Object.fromEntries([...socket.rooms].map((r) => [r, this.streams.get(r).log.length]));
      this.write(socket, { t: "hb", n: ++socket.n, h: heads });
      this.beat(socket);
    }, 25_000);
  }

  drop(socket) {
    socket.live = false;
    socket.readyState = 3;
    this.sockets.delete(socket);
  }

  /** The socket breaks; the client hears of it. */
  cut(socket, code = 1006) {
    if (!socket.live) return;
    this.drop(socket);
    this.clock.setTimeout(() => socket.onclose?.({ code }), 1);
  }

  cutAll(code) {
    for (const socket of [...this.sockets]) this.cut(socket, code);
  }

  take(socket, frame) {
    if (frame.t === "hello")
      this.write(socket, {
        t: "re",
        i: frame.i,
        ok: 1,
        d: { hb_s: 25 },
        ...(frame.subs ? { rooms: this.rooms(socket, frame.subs) } : {}),
      });
    else if (frame.t === "sub") {
      for (const r of frame.un ?? []) socket.rooms.delete(r);
      this.write(socket, { t: "re", i: frame.i, ok: 1, rooms: this.rooms(socket, frame.subs) });
    } else if (frame.t === "pub") return this.publish(socket, frame);
    if (frame.subs) this.resend(socket, frame.subs);
    return undefined;
  }

  recovered({ r, p, e }) {
    const stream = this.streams.get(r);
    return (
      p !== undefined &&
      (e === undefined || e === stream.epoch) &&
      p <= stream.log.length &&
      stream.log.length - p <= 20
    );
  }

  rooms(socket, subs) {
    const rooms = [];
    for (const sub of subs) {
      const stream = this.streams.get(sub.r);
      if (!stream || stream.left) continue;
      socket.rooms.add(sub.r);
      sub.again = this.recovered(sub) && !(this.faults.noRecovery > 0 && this.faults.noRecovery--);
      sub.head = stream.log.length;
      rooms.push({ r: sub.r, e: stream.epoch, s: stream.log.length, rec: sub.again ? 1 : 0, me: ME.name });
    }
    return rooms;
  }

  resend(socket, subs) {
    for (const sub of subs) {
      const stream = this.streams.get(sub.r);
      if (!stream || stream.left)
        this.write(socket, { t: "bye", r: sub.r, code: 4503, msg: "", retry: false, after: 0 });
      else if (sub.again)
        for (const event of stream.log.slice(sub.p, sub.head)) this.write(socket, this.served(sub.r, event));
    }
  }

  publish(socket, { i, r: asked, c, k, d }) {
    const r = asked === "me" ? ME.account : asked;
    const stream = this.streams.get(r);
    const err = (code, retry, more = {}) =>
      this.write(socket, { t: "re", i, err: { code, msg: code, retry, ...more } });
    if (!stream || stream.left) return err("not_found", false);
    const known = stream.log.find((event) => event.c === c);
    if (known && known.sentAs !== JSON.stringify([k, d])) return err("conflict", false);
    if (!known && this.faults.busy > 0) {
      this.faults.busy -= 1;
      return err("busy", true, { after: this.random() });
    }
    if (!known && d.text === "call 617 555 0100")
      return err("gate", false, { d: { spans: [{ start: 5, end: 17, category: "phone", reason: "phone" }] } });
    const event = known ?? this.append(r, { k, d, u: ME.name, c });
    event.sentAs = JSON.stringify([k, d]);
    if (this.faults.loseReply > 0) {
      this.faults.loseReply -= 1;
      return this.cut(socket);
    }
    this.answers.push({ c, s: event.s });
    return this.write(socket, { t: "re", i, ok: 1, s: event.s });
  }
}

export { ME };
