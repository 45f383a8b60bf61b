// Plays a clip and publishes what is seen and heard of it with the WHIP client that the page was given.
async ({clip, url, token}) => {
  const video = Object.assign(document.createElement("video"), {src: clip, loop: true});
  document.body.append(video);
  await video.play();
  window.client = new window.whip.WHIPClient({endpoint: url, opts: {authkey: token, iceServers: [], timeout: 500}});
  await window.client.ingest(video.captureStream());
}
