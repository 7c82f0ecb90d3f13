/** One peer connection of a call: sends the microphone, gives what comes. Effects only, no rules. */
import { telephoneFirst } from "../core/call-codecs.js";
import { sampleOf } from "../core/media-quality.js";

const GATHER_MS = 300; // a STUN server that is down must not delay the call: what is there by then is sent
const TONE_MS = 160;
const PAUSE_MS = 80;

/**
 * Makes a connection that waits for `offer`.
 * @param {{iceServers: object[]}} ice of GET /calls/media/ice @param {MediaStreamTrack} track the microphone's
 * @param {{onState: (state: string) => void}} heard
 */
export function makePeer(ice, track, { onState }) {
  const connection = new RTCPeerConnection({ ...ice, bundlePolicy: "max-bundle" });
  const transceiver = connection.addTransceiver(track, { direction: "sendrecv" });
  const { codecs } = RTCRtpReceiver.getCapabilities?.("audio") ?? { codecs: [] };
  if (codecs.length) transceiver.setCodecPreferences?.(telephoneFirst(codecs));
  connection.onconnectionstatechange = () => onState(connection.connectionState);
  return {
    /** What is heard of the other end. */
    stream: new MediaStream([transceiver.receiver.track]),
    /** The whole offer, with the addresses that were found in time. @returns {Promise<string>} SDP */
    offer: async () => {
      await connection.setLocalDescription(await connection.createOffer());
      await gathered(connection);
      return connection.localDescription.sdp;
    },
    answer: (sdp) => connection.setRemoteDescription({ type: "answer", sdp }),
    replace: (other) => transceiver.sender.replaceTrack(other),
    /** Whether keys can be sent to the other end by now. */
    mayPress: () => transceiver.sender.dtmf?.canInsertDTMF === true,
    /** Sends keys, behind those that are still being sent. @param {string} keys of 0-9, * and # */
    press: (keys) => {
      const { dtmf } = transceiver.sender;
      dtmf.insertDTMF(dtmf.toneBuffer + keys, TONE_MS, PAUSE_MS);
    },
    sample: async () => sampleOf((await connection.getStats()).values(), performance.now()),
    close: () => {
      connection.onconnectionstatechange = null;
      connection.close();
    },
  };
}

function gathered(connection) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    };
  });
}
