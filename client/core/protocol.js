/**
 * The wire protocol, version 1, as this side speaks it: frames, close codes, ids. Values in, values out.
 *
 * May import nothing. `docs/protocol.md` is the specification.
 */

export const VERSION = 1;
export const SUBPROTOCOL = "curbside.v1";

/** A socket that its owner closes: normal, and without an answer to a heartbeat. */
export const CLOSE_NORMAL = 1000;

/**
 * Close codes. `final`: do not reconnect by oneself. `stream`: the code may come in a `bye` with `r`, and then ends
 * only that subscription.
 */
export const CODES = Object.freeze({
  4000: { name: "internal", final: false, stream: false },
  4001: { name: "drain", final: false, stream: false },
  4002: { name: "no_hello", final: false, stream: false },
  4003: { name: "no_heartbeat", final: false, stream: false },
  4008: { name: "slow", final: false, stream: false },
  4010: { name: "resync", final: false, stream: false },
  4013: { name: "too_many", final: false, stream: false },
  4014: { name: "token_expired", final: false, stream: false },
  4500: { name: "malformed", final: true, stream: false },
  4501: { name: "not_signed_in", final: true, stream: false },
  4503: { name: "access_withdrawn", final: true, stream: true },
  4504: { name: "too_many_connections", final: true, stream: false },
  4505: { name: "version", final: true, stream: false },
  4506: { name: "stream_closed", final: true, stream: true },
});

/**
 * Says whether a socket closed with `code` must stay closed. Codes that this version does not know follow their
 * range: 4500 to 4999 final, everything else (network, proxies, 1006) passing.
 * @param {number} code
 */
export function isFinal(code) {
  const known = CODES[code];
  return known ? known.final : code >= 4500 && code <= 4999;
}

/**
 * Encodes frames as one WebSocket text message.
 * @param {...object} frames
 */
export function encode(...frames) {
  return frames.map((frame) => JSON.stringify(frame)).join("\n");
}

/**
 * Decodes one WebSocket text message: JSON objects joined by a line feed. What is no object with a `t` is left out:
 * the rule is to ignore what one does not know, and a reader that fails on one frame would lose its neighbours.
 * @param {string} text
 * @returns {object[]}
 */
export function decode(text) {
  const frames = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    try {
      const frame = JSON.parse(line);
      if (frame !== null && typeof frame === "object" && typeof frame.t === "string") frames.push(frame);
    } catch {
      continue;
    }
  }
  return frames;
}

/**
 * Makes a random UUID, version 4. `crypto.randomUUID` is missing on pages that are not served securely, so it is
 * made from random bytes. Source: RFC 9562, section 5.4.
 * @param {{getRandomValues: (bytes: Uint8Array) => Uint8Array}} crypto
 */
export function makeUuid(crypto) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export const frames = Object.freeze({
  /** @param {{i: number, tok: string|null, dev: string, subs: object[]}} fields */
  hello: ({ i, tok, dev, subs }) => ({
    t: "hello",
    i,
    v: VERSION,
    ...(tok ? { tok } : {}),
    dev,
    ...(subs?.length ? { subs } : {}),
  }),
  /** @param {{i: number, subs?: object[], un?: string[]}} fields */
  sub: ({ i, subs, un }) => ({ t: "sub", i, subs: subs ?? [], ...(un?.length ? { un } : {}) }),
  /** @param {{i: number, r: string, c: string, k: string, d: object}} fields */
  pub: ({ i, r, c, k, d }) => ({ t: "pub", i, r, c, k, d }),
  eph: (r, k, d = {}) => ({ t: "eph", r, k, d }),
  /** Answers heartbeat `n` with the positions applied: the server counts them as read. */
  hb: (n, p) => ({ t: "hb", n, ...(p && Object.keys(p).length ? { p } : {}) }),
});

/**
 * A refusal as the rest of the client carries it.
 * @typedef {{code: string, msg: string, retry: boolean, after: number|null, d: object|null}} Refused  `after` in ms
 */

/**
 * Reads the `err` object of a `re`. The wire says `after` in seconds.
 * @returns {Refused}
 */
export function readRefusal(err) {
  return {
    code: String(err?.code ?? "refused"),
    msg: String(err?.msg ?? ""),
    retry: err?.retry === true,
    after: typeof err?.after === "number" ? Math.max(0, err.after * 1000) : null,
    d: err?.d ?? null,
  };
}
