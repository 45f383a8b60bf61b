// What somebody with the page's own socket could try: a warm connection of her own, and then another's pictures on it,
// by naming their incident and by naming only their source. The hub's three answers.
async ({incident, source}) => {
  const app = document.querySelector("#app").__vue_app__;
  const {socket} = app.config.globalProperties.$pinia._s.get("link");
  const {connection_id, sdp} = await socket.emitWithAck("media_open", {profile: "phone"});
  const peer = new RTCPeerConnection();
  await peer.setRemoteDescription({type: "offer", sdp});
  await peer.setLocalDescription();
  const answered = await socket.emitWithAck("media_answer", {connection_id, sdp: peer.localDescription.sdp});
  const video = [{slot: 0, source_id: source}];
  const wish = {connection_id, video, audio: true};
  const named = await socket.emitWithAck("media_watch", {...wish, incident_id: incident});
  const unnamed = await socket.emitWithAck("media_watch", {...wish, incident_id: null});
  return [answered, named, unnamed];
}
