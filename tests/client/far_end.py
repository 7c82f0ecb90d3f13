"""The far end of a call for browser tests: a page of its own that answers offers, plays a tone and hears what comes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page

MICROPHONE = ("--use-fake-device-for-media-stream", "--allow-loopback-in-peer-connection",
              "--disable-features=WebRtcHideLocalIpsWithMdns")  # fmt: skip
"""A microphone that beeps, and connections within one machine. Whether it may be used, a test says by a permission."""

FAR_END = """async () => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, {frequency: 620});
  const out = context.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  window.links = [];
  window.answerTo = async (sdp) => {
    const link = new RTCPeerConnection();
    const heard = {link, keys: ""};
    window.links.push(heard);
    link.ontrack = ({track}) => { heard.analyser = measure(track); };
    link.addTrack(out.stream.getAudioTracks()[0], out.stream);
    await link.setRemoteDescription({type: "offer", sdp});
    await link.setLocalDescription(await link.createAnswer());
    while (link.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 10));
    return link.localDescription.sdp;
  };
  function measure(track) {
    const element = new Audio();
    element.srcObject = new MediaStream([track]);
    element.muted = true;
    void element.play();
    const analyser = new AnalyserNode(context);
    context.createMediaStreamSource(element.srcObject).connect(analyser);
    return analyser;
  }
  window.loudness = (analyser) => {
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
  };
}"""
LOUDEST = """async (ms) => {
  const until = performance.now() + ms;
  let loudest = 0;
  while (performance.now() < until) {
    const {analyser} = window.links.at(-1);
    if (analyser) loudest = Math.max(loudest, window.loudness(analyser));
    await new Promise((done) => setTimeout(done, 20));
  }
  return loudest;
}"""
LISTENING = """(() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function() { window.played = this; return play.call(this); };
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (...wanted) => (window.microphone = await open(...wanted));
  window.takeMicrophone = (taken) => {
    const [track] = window.microphone.getAudioTracks();
    Object.defineProperty(track, "muted", {get: () => taken, configurable: true});
    track.dispatchEvent(new Event(taken ? "mute" : "unmute"));
  };
  const press = RTCDTMFSender.prototype.insertDTMF;
  window.keysSent = [];
  RTCDTMFSender.prototype.insertDTMF = function(...tones) {
    window.keysSent.push(tones[0]);
    return press.apply(this, tones);
  };
})()"""
HEARD = """async (ms) => {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, {fftSize: 2048});
  context.createMediaStreamSource(window.played.srcObject).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const until = performance.now() + ms;
  let best = {loudest: -Infinity, at: 0};
  while (performance.now() < until) {
    analyser.getFloatFrequencyData(bins);
    const loudest = Math.max(...bins);
    if (loudest > best.loudest) best = {loudest, at: bins.indexOf(loudest) * context.sampleRate / analyser.fftSize};
    await new Promise((done) => setTimeout(done, 50));
  }
  await context.close();
  return {...best, playing: !window.played.paused};
}"""


class FarEnd:
    """The other end of whatever offers are answered here; the newest link counts."""

    def __init__(self, page: Page, home: str) -> None:
        """A page of the same browser, at any address that may make connections."""
        self.page = page
        page.goto(f"{home}/shell.json")
        page.evaluate(FAR_END)
        self.peers = 0

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST /calls/{r}/media: the answer to an offer, numbered as the service numbers it."""
        self.peers += 1
        return {"peer": self.peers, "sdp": self.page.evaluate("(sdp) => window.answerTo(sdp)", body["sdp"])}

    def wait_for_peer(self, page: Page, number: int, within_s: float = 20) -> None:
        """Wait until a page has offered so many times."""
        deadline = time.monotonic() + within_s
        while self.peers < number:
            assert time.monotonic() < deadline, f"{self.peers} offers, not {number}"
            page.wait_for_timeout(50)

    def loudest(self, ms: int = 1500) -> float:
        """The loudest that was heard over the newest link within so many ms: the effective value, 0 to 1."""
        return float(self.page.evaluate(LOUDEST, ms))

    def cut(self) -> None:
        """The newest link is closed at this end."""
        self.page.evaluate("() => window.links.at(-1).link.close()")


def heard_by(page: Page, ms: int = 1000) -> tuple[float, float, bool]:
    """What a page plays: the loudest frequency in Hz, how loud it is in dB, and whether it is playing."""
    found = page.evaluate(HEARD, ms)
    return float(found["at"]), float(found["loudest"]), bool(found["playing"])
