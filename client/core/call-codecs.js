/** In which order codecs are offered for a call: what telephones speak first, so that nothing has to be translated. */

const FIRST = ["audio/pcmu", "audio/pcma", "audio/telephone-event"];

/**
 * G.711 and its key presses first, the others behind them in the browser's own order. Source: RFC 7874, section 3.
 * @template {{mimeType: string, clockRate: number}} T
 * @param {T[]} codecs as RTCRtpReceiver.getCapabilities tells @returns {T[]}
 */
export function telephoneFirst(codecs) {
  const rank = (codec) => {
    const at = codec.clockRate === 8000 ? FIRST.indexOf(codec.mimeType.toLowerCase()) : -1;
    return at === -1 ? FIRST.length : at;
  };
  return codecs.map((codec, n) => ({ codec, n })).sort((a, b) => rank(a.codec) - rank(b.codec) || a.n - b.n).map(({ codec }) => codec);
}
