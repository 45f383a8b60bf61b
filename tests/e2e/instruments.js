// Runs before any script of the page. It only watches: which peer connections there are, when requests were
// answered, tones were played and elements first appeared; and it can be asked what a picture shows and what is heard.
(() => {
  const peers = [];
  const replies = [];
  const tones = [];
  const firsts = {};
  const ears = new Map();
  const decoders = new Map();
  const epochMs = () => performance.timeOrigin + performance.now();
  const instruments = {peers, replies, tones, descriptions: 0, signals: 0, key_at_ms: null};
  window.instruments = instruments;
  window.addEventListener("keydown", () => (instruments.key_at_ms = epochMs()), true);

  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...options) {
      super(...options);
      peers.push(this);
      this.addEventListener("signalingstatechange", () => (instruments.signals += 1));
    }
    setRemoteDescription(...options) {
      instruments.descriptions += 1;
      return super.setRemoteDescription(...options);
    }
  };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...options) {
    if (this.context.state === "running") tones.push(epochMs());
    return start.apply(this, options);
  };
  const ask = window.fetch;
  window.fetch = async (input, options) => {
    const reply = await ask(input, options);
    replies.push({path: new URL(reply.url).pathname, method: options?.method ?? "GET", status: reply.status, at_ms: epochMs()});
    return reply;
  };

  const receivers = () =>
    peers.filter((peer) => peer.signalingState !== "closed")
      .flatMap((peer) => peer.getTransceivers().map(({receiver}) => receiver))
      .filter((receiver) => receiver?.track);
  const inbound = async (receiver) => {
    for (const entry of (await receiver.getStats()).values()) if (entry.type === "inbound-rtp") return entry;
    return {};
  };

  // When something that matches the selector was first in the page, in ms since 1970; null while it never was.
  instruments.first = (selector) => {
    if (!(selector in firsts)) {
      firsts[selector] = document.querySelector(selector) ? epochMs() : null;
      const observer = new MutationObserver(() => {
        if (!document.querySelector(selector)) return;
        firsts[selector] = epochMs();
        observer.disconnect();
      });
      if (firsts[selector] === null) {
        observer.observe(document, {subtree: true, childList: true, attributes: true});
      }
    }
    return firsts[selector];
  };
  instruments.forget = (selector) => delete firsts[selector];

  // What the video below the selector shows now: mean colour of its upper half, and which decoder has decoded how
  // many frames for it; another connection has another decoder.
  instruments.look = async (selector) => {
    const box = document.querySelector(selector);
    const video = box?.querySelector("video");
    const found = {
      source: box?.dataset.source ?? null, open: box?.dataset.open === "true", rgb: null, width: 0,
      decoder: null, decoded: 0, codec: null,
    };
    if (!video?.srcObject) return found;
    const track = video.srcObject.getVideoTracks()[0];
    const receiver = receivers().find((each) => each.track.id === track?.id);
    if (receiver) {
      const entry = await inbound(receiver);
      if (!decoders.has(receiver)) decoders.set(receiver, decoders.size + 1);
      found.decoder = decoders.get(receiver);
      found.decoded = entry.framesDecoded ?? 0;
      for (const codec of (await receiver.getStats()).values()) if (codec.id === entry.codecId) found.codec = codec.mimeType;
    }
    found.width = video.videoWidth;
    if (video.videoWidth) {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, {width: 32, height: 32});
      const pen = canvas.getContext("2d", {willReadFrequently: true});
      pen.drawImage(video, 0, 0, 32, 32);
      const pixels = pen.getImageData(0, 0, 32, 16).data;
      const sum = [0, 0, 0];
      for (let at = 0; at < pixels.length; at += 4) for (const c of [0, 1, 2]) sum[c] += pixels[at + c];
      found.rgb = sum.map((each) => Math.round(each / (pixels.length / 4)));
    }
    return found;
  };

  // How loud the tone is just now in the audio slot where it is loudest (dB), the loudest frequency there, and the
  // energy that the decoders have played so far.
  instruments.hear = async (hz) => {
    let energy = 0;
    let tone = -Infinity;
    let loudest = null;
    const hearing = receivers().filter((each) => each.track.kind === "audio");
    for (const [track, {context}] of ears) {
      if (hearing.some((each) => each.track === track)) continue;
      ears.delete(track);
      await context.close();
    }
    for (const receiver of hearing) {
      energy += (await inbound(receiver)).totalAudioEnergy ?? 0;
      if (!ears.has(receiver.track)) {
        const context = new AudioContext();
        const ear = new AnalyserNode(context, {fftSize: 4096, smoothingTimeConstant: 0});
        context.createMediaStreamSource(new MediaStream([receiver.track])).connect(ear);
        ears.set(receiver.track, {context, ear});
      }
      const {context, ear} = ears.get(receiver.track);
      if (context.state !== "running") await context.resume();
      const bins = new Float32Array(ear.frequencyBinCount);
      ear.getFloatFrequencyData(bins);
      const width = context.sampleRate / ear.fftSize;
      const around = Math.round(hz / width);
      const at = Math.max(...bins.slice(around - 2, around + 3));
      if (at > tone) {
        tone = at;
        const first = Math.round(150 / width);
        const peak = bins.slice(first).reduce((best, level, bin) => (level > bins[best] ? bin + first : best), first);
        loudest = Math.round(peak * width);
      }
    }
    return {energy, tone_db: Number.isFinite(tone) ? Math.round(tone) : null, peak_hz: loudest};
  };

  instruments.negotiations = () => {
    const {descriptions, signals} = instruments;
    return {descriptions, signals, peers: peers.length, states: peers.map((peer) => peer.signalingState)};
  };

  // Packets that ever arrived on the page's receiving connections, and how many of these are up.
  instruments.received = async () => {
    let packets = 0;
    for (const receiver of receivers()) packets += (await inbound(receiver)).packetsReceived ?? 0;
    const up = peers.filter((peer) => peer.connectionState === "connected").length;
    return {packets, up};
  };
})();
