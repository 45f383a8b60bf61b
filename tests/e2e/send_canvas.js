// Opens a feed of one's own on the incident and publishes a canvas of one colour to it by WHIP, as VP8.
async ({incident, name, rgb}) => {
  const {csrf} = await (await fetch("/api/me")).json();
  const post = async (path, body, type) => {
    const reply = await fetch(path, {method: "POST", body, headers: {"Content-Type": type, "X-CSRF-Token": csrf}});
    if (!reply.ok) throw new Error(await reply.text());
    return reply.text();
  };
  const body = JSON.stringify({incident_id: incident, name, kind: "encoder"});
  const {feed, whip_url} = JSON.parse(await post("/api/feeds", body, "application/json"));
  const canvas = Object.assign(document.createElement("canvas"), {width: 320, height: 180});
  const pen = canvas.getContext("2d");
  let step = 0;
  const paint = () => {
    pen.fillStyle = `rgb(${rgb})`;
    pen.fillRect(0, 0, 320, 180);
    pen.fillStyle = "white";
    pen.fillRect((step++ * 7) % 320, 160, 20, 20);
  };
  paint();
  setInterval(paint, 66);
  const stream = canvas.captureStream(15);
  const peer = new RTCPeerConnection();
  const sending = peer.addTransceiver(stream.getVideoTracks()[0], {direction: "sendonly", streams: [stream]});
  const codecs = RTCRtpSender.getCapabilities("video").codecs;
  sending.setCodecPreferences(codecs.filter(({mimeType}) => mimeType === "video/VP8"));
  await peer.setLocalDescription();
  const answer = await post(whip_url, peer.localDescription.sdp, "application/sdp");
  await peer.setRemoteDescription({type: "answer", sdp: answer});
  window.sending = peer;
  return feed.id;
}
