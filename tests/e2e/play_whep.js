// Plays a feed by WHEP with the player that the page was given, and keeps count of what it shows.
async ({url, token}) => {
  const video = Object.assign(document.createElement("video"), {autoplay: true, playsInline: true});
  document.body.append(video);
  window.errors = [];
  const {WebRTCPlayer} = window.webrtc.default ?? window.webrtc;
  const player = new WebRTCPlayer({video, type: "whep", iceServers: []});
  for (const name of ["connect-error", "initial-connection-failed", "no-media"]) {
    player.on(name, () => window.errors.push(name));
  }
  await player.load(new URL(url), `Bearer ${token}`);
  window.player = player;
  window.seen = async () => {
    const found = {decoded: 0, codec: null, energy: 0, rgb: null, width: video.videoWidth};
    const peer = video.srcObject && player.peer;
    const entries = peer ? [...(await peer.getStats()).values()] : [];
    for (const entry of entries.filter((each) => each.type === "inbound-rtp")) {
      if (entry.kind === "video") Object.assign(found, {decoded: entry.framesDecoded, codec: entries.find((each) => each.id === entry.codecId)?.mimeType});
      else found.energy = entry.totalAudioEnergy;
    }
    if (video.videoWidth) {
      const pen = Object.assign(document.createElement("canvas"), {width: 8, height: 8}).getContext("2d");
      pen.drawImage(video, 0, 0, 8, 8);
      found.rgb = [...pen.getImageData(2, 2, 1, 1).data].slice(0, 3);
    }
    return found;
  };
}
