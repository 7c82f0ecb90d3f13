/**
 * Does what `connection.js` says: opens sockets, sets the one timer, asks for tickets. The few lines with effects.
 *
 * May import only `connection.js` and `protocol.js`. Sockets, clock and tickets are passed in.
 */
import { Connection } from "./connection.js";
import { SUBPROTOCOL, encode } from "./protocol.js";

export class Driver {
  /**
   * @param {{url: string, openSocket: (url: string, protocols: string[]) => WebSocket,
   *   askTicket: () => Promise<{tok: string, lifetimeMs: number|null}>,
   *   clock: {mono: () => number, setTimeout: Function, clearTimeout: Function},
   *   dev: string, random: () => number, subs: () => object[], applied: () => object,
   *   onAction: (action: object) => void}} parts
   *   askTicket: rejects with {final: true} when there is no session (any more)
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.connection = new Connection(parts);
    this.socket = null;
    this.timer = null;
    this.asking = false;
  }

  /** Gives an input to the connection and does what follows. */
  input(input) {
    this.perform(this.connection.handle(input, this.clock.mono()));
  }

  /** Sends a frame that wants an answer; says whether there was a line. */
  request(make, tag) {
    return this.perform(this.connection.request(make, tag));
  }

  /** Sends a frame without an answer; says whether there was a line. */
  tell(frame) {
    return this.perform(this.connection.tell(frame));
  }

  perform(actions) {
    if (actions === null) return false;
    for (const action of actions) {
      if (action.do === "open") this.open(action.socket);
      else if (action.do === "send") this.send(action);
      else if (action.do === "close") this.close(action);
      else if (action.do === "ticket") this.ticket();
      else this.onAction(action);
    }
    this.plan();
    return true;
  }

  plan() {
    this.clock.clearTimeout(this.timer);
    const at = this.connection.nextTimer();
    if (at === null) return;
    this.timer = this.clock.setTimeout(
      () => this.input({ type: "timer" }),
      Math.max(0, Math.ceil(at - this.clock.mono())),
    );
  }

  open(number) {
    let socket;
    try {
      socket = this.openSocket(this.url, [SUBPROTOCOL]);
    } catch {
      this.clock.setTimeout(() => this.input({ type: "closed", socket: number, code: 1006 }), 0);
      return;
    }
    this.socket = socket;
    socket.onopen = () => this.input({ type: "opened", socket: number });
    socket.onmessage = (event) => this.input({ type: "text", socket: number, text: String(event.data) });
    socket.onclose = (event) => this.input({ type: "closed", socket: number, code: event.code });
    socket.onerror = () => undefined; // a `close` follows
  }

  send({ frames }) {
    if (this.socket?.readyState === 1) this.socket.send(encode(...frames));
  }

  close({ code }) {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code === 1000 || (code >= 3000 && code <= 4999) ? code : 1000);
    } catch {
      return; // closed before it was opened: the browser says so by an error
    }
  }

  ticket() {
    if (this.asking) return;
    this.asking = true;
    const answer = this.askTicket().then(
      ({ tok, lifetimeMs }) => ({ type: "ticket", tok, lifetimeMs }),
      (error) => ({ type: "ticketFailed", final: error?.final === true, code: error?.code }),
    );
    void answer.then((input) => {
      this.asking = false;
      this.input(input);
    });
  }
}
