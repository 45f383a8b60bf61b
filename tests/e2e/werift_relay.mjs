// Plays one feed by WHEP with werift and publishes what arrives by WHIP as another; every packet of the picture is printed
// as a line of base64 (payload only, in order of arrival).
// node werift_relay.mjs WEB_CONSOLE '{"whep": {"url", "token"}, "whip": {"url", "token"}}'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, asked] = process.argv.slice(2)
const { whep, whip } = JSON.parse(asked)
const werift = await import(pathToFileURL(createRequire(`${folder}/package.json`).resolve('werift')).href)
const { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } = werift

const feedback = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }]
const parameters = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'
const peer = () =>
  new RTCPeerConnection({
    iceServers: [],
    iceAdditionalHostAddresses: ['127.0.0.1'],
    codecs: {
      video: [new RTCRtpCodecParameters({ mimeType: 'video/h264', clockRate: 90000, payloadType: 120, rtcpFeedback: feedback, parameters })],
      audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 121 })],
    },
  })

async function exchange(connection, { url, token }) {
  await connection.setLocalDescription(await connection.createOffer())
  const headers = { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` }
  const reply = await fetch(url, { method: 'POST', headers, body: connection.localDescription.sdp })
  if (reply.status !== 201) throw new Error(`${url} ${reply.status} ${await reply.text()}`)
  await connection.setRemoteDescription({ type: 'answer', sdp: await reply.text() })
}

const player = peer()
const publisher = peer()
for (const kind of ['video', 'audio']) {
  const outgoing = new MediaStreamTrack({ kind })
  publisher.addTransceiver(outgoing, { direction: 'sendonly' })
  player.addTransceiver(kind, { direction: 'recvonly' }).onTrack.subscribe((incoming) => {
    incoming.onReceiveRtp.subscribe((packet) => {
      if (kind === 'video') process.stdout.write(packet.payload.toString('base64') + '\n')
      const copy = packet.clone()
      copy.header.extension = false
      copy.header.extensions = []
      outgoing.writeRtp(copy)
    })
  })
}
await exchange(publisher, whip)
await exchange(player, whep)
