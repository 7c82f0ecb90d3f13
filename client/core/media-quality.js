/**
 * How good the sound of a call is, from what the browser counts: good, poor, lost. May import nothing.
 *
 * Poor: over the last 5 s more than 8 in 100 packets were lost, on the way here or on the way there. It is good again
 * below 4 in 100, so that the word does not flicker. Lost: nothing at all came for 3 s.
 */

export const LIMITS = Object.freeze({ windowMs: 5_000, poor: 0.08, good: 0.04, quietMs: 3_000 });

/**
 * @typedef {{at: number, received: number, lost: number, farLoss: number|null, jitterMs: number|null}} Sample
 *   at: ms; received, lost: packets since the connection began; farLoss: the share (0..1) that the other end last missed
 */

/**
 * Reads what RTCPeerConnection.getStats() tells. Source: W3C, Identifiers for WebRTC's Statistics API, sections 8.3 and 8.4.
 * @param {Iterable<object>} stats `report.values()` @param {number} at ms @returns {Sample}
 */
export function sampleOf(stats, at) {
  const sample = { at, received: 0, lost: 0, farLoss: null, jitterMs: null };
  for (const one of stats) {
    if ((one.kind ?? one.mediaType) !== "audio") continue;
    if (one.type === "inbound-rtp") {
      // A packet that comes twice counts as less than none lost.
      Object.assign(sample, { received: one.packetsReceived ?? 0, lost: one.packetsLost ?? 0, jitterMs: msOf(one.jitter) });
    } else if (one.type === "remote-inbound-rtp") sample.farLoss = one.fractionLost ?? null;
  }
  return sample;
}

function msOf(seconds) {
  return seconds === undefined ? null : Math.round(seconds * 1000);
}

/** The share of packets lost between two samples on the way here, 0..1. @param {Sample} before @param {Sample} after */
export function lossBetween(before, after) {
  const lost = Math.max(0, after.lost - before.lost);
  const expected = lost + Math.max(0, after.received - before.received);
  return expected === 0 ? 0 : lost / expected;
}

/** How loud samples are to the ear: 0 at -60 dB and below, 1 at full scale.  {Float32Array} samples -1..1 */
export function loudness(samples) {
  const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
  return power === 0 ? 0 : Math.min(1, Math.max(0, 1 + Math.log10(power) / 6));
}

export class Quality {
  constructor() {
    this.samples = [];
    /** "good" | "poor" | "lost"; null while nothing has been counted. */
    this.word = null;
    /** The share of packets lost over the last seconds, 0..1. */
    this.loss = 0;
  }

  /** Takes the next sample of the same connection. @param {Sample} sample */
  add(sample) {
    this.samples.push(sample);
    const from = sample.at - LIMITS.windowMs;
    // The last one before the window stays: what is between it and the next belongs to the window.
    while (this.samples.length > 1 && this.samples[1].at <= from) this.samples.shift();
    this.loss = this.measured();
    if (this.quiet()) this.word = "lost";
    else if (this.span() >= LIMITS.windowMs && this.loss > LIMITS.poor) this.word = "poor";
    else if (this.word !== "poor" || this.loss < LIMITS.good) this.word = "good";
  }

  span() {
    return this.samples.at(-1).at - this.samples[0].at;
  }

  measured() {
    const far = this.samples.map((one) => one.farLoss).filter((one) => one !== null);
    const there = far.length ? far.reduce((sum, one) => sum + one, 0) / far.length : 0;
    return Math.max(lossBetween(this.samples[0], this.samples.at(-1)), there);
  }

  quiet() {
    const last = this.samples.at(-1);
    const since = this.samples.findLast((one) => one.at <= last.at - LIMITS.quietMs);
    return since !== undefined && since.received === last.received;
  }
}
