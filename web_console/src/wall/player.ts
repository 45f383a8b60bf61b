/** One feed by WHEP, for as long as the connection holds. */

import type { Target } from '@/wall/address'

const ANSWER_WITHIN_MS = 8_000
const DISCONNECTED_MS = 3_000

/** The hub's answer when it was not a picture. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(String(status))
  }
}

/** Shows the feed until the connection is lost. Raises: Refused, or what fetch raises without a network. */
export async function playOnce(video: HTMLVideoElement, { feed, token }: Target): Promise<void> {
  const peer = new RTCPeerConnection()
  try {
    const stream = new MediaStream()
    peer.ontrack = ({ track }) => stream.addTrack(track)
    for (const kind of ['video', 'audio']) peer.addTransceiver(kind, { direction: 'recvonly' })
    await peer.setLocalDescription()
    const reply = await fetch(`/whep/${encodeURIComponent(feed)}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` },
      body: peer.localDescription?.sdp ?? '',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    if (reply.status !== 201) throw new Refused(reply.status)
    video.srcObject = stream
    await peer.setRemoteDescription({ type: 'answer', sdp: await reply.text() })
    await lost(peer)
  } finally {
    peer.close()
  }
}

function lost(peer: RTCPeerConnection): Promise<void> {
  return new Promise((over) => {
    let waiting = 0
    peer.onconnectionstatechange = () => {
      clearTimeout(waiting)
      if (peer.connectionState === 'failed' || peer.connectionState === 'closed') over()
      if (peer.connectionState === 'disconnected') waiting = window.setTimeout(over, DISCONNECTED_MS)
    }
  })
}
