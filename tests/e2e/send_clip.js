// Plays a clip and publishes what is seen and heard of it with the WHIP client that the page was given, as H.264.
async ({clip, url, token}) => {
  const video = Object.assign(document.createElement("video"), {src: clip, loop: true});
  document.body.append(video);
  await video.play();
  const stream = video.captureStream();
  const peer = new RTCPeerConnection();
  for (const track of stream.getTracks()) {
    const sending = peer.addTransceiver(track, {direction: "sendonly", streams: [stream]});
    if (track.kind === "video") {
      const codecs = RTCRtpSender.getCapabilities("video").codecs;
      sending.setCodecPreferences(codecs.filter(({mimeType}) => mimeType === "video/H264"));
    }
  }
  window.whip = new window.WHIPClient();
  await window.whip.publish(peer, url, token);
}
