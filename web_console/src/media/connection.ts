/** One receiving peer connection: the media plane offers all slots at once, the page answers, nothing is renegotiated. */

import { gathered } from '@/media/gathering'
import { renamed } from '@/media/iceFragment'
import { onOtherNetwork } from '@/media/otherNetwork'
import { ask, type HubSocket } from '@/wire/socket'

/** A path that is gone this long is taken for dead; Wi-Fi to 4G takes less. */
const DISCONNECTED_LIMIT_MS = 4_000
/** From the answer to media flowing, also after a restart. */
const CONNECT_LIMIT_MS = 8_000

export interface SlotTrack {
  mid: string
  kind: 'video' | 'audio'
  track: MediaStreamTrack
}

export interface Receiving {
  connectionId: string
  tracks: SlotTrack[]
  stats: () => Promise<RTCStatsReport>
  close: () => void
}

/** Raises: Refusal, DOMException. `onDead` is called at most once, and not after `close`. */
export async function openReceiving(
  socket: HubSocket, profile: 'console' | 'phone', onUp: () => void, onDead: () => void,
): Promise<Receiving> {
  const opened = await ask(socket, 'media_open', { profile })
  const peer = new RTCPeerConnection({ iceServers: opened.ice_servers, bundlePolicy: 'max-bundle' })
  let over = false
  let restarting = false
  let timer = 0
  const dead = () => {
    if (over) return
    close()
    onDead()
  }
  function close(): void {
    over = true
    clearTimeout(timer)
    otherNetwork.forget()
    peer.close()
  }
  /** Another way to the same session: keys and slots stay, pictures go on. Where it fails the limit above decides. */
  async function restart(): Promise<void> {
    if (over || restarting || !socket.connected || !peer.remoteDescription) return
    restarting = true
    try {
      const { fragment } = await ask(socket, 'media_restart', { connection_id: opened.connection_id })
      const sdp = renamed(peer.remoteDescription.sdp, fragment)
      if (over || !sdp) return
      await peer.setRemoteDescription({ type: 'offer', sdp })
      await peer.setLocalDescription(await peer.createAnswer())
      await gathered(peer)
      await ask(socket, 'media_answer', { connection_id: opened.connection_id, sdp: peer.localDescription?.sdp ?? '' })
    } catch {
      // The connection counts as dead after its limit.
    } finally {
      restarting = false
    }
  }
  peer.addEventListener('connectionstatechange', () => {
    clearTimeout(timer)
    if (peer.connectionState === 'connected') onUp()
    else if (peer.connectionState === 'failed') dead()
    else {
      timer = window.setTimeout(dead, peer.connectionState === 'disconnected' ? DISCONNECTED_LIMIT_MS : CONNECT_LIMIT_MS)
      if (peer.connectionState === 'disconnected') void restart()
    }
  })
  const otherNetwork = onOtherNetwork(() => void restart())
  try {
    await peer.setRemoteDescription({ type: 'offer', sdp: opened.sdp })
    await peer.setLocalDescription(await peer.createAnswer())
    await gathered(peer)
    await ask(socket, 'media_answer', { connection_id: opened.connection_id, sdp: peer.localDescription?.sdp ?? '' })
  } catch (reason) {
    close()
    throw reason
  }
  const tracks = peer.getTransceivers().map((transceiver) => ({
    mid: transceiver.mid ?? '',
    kind: transceiver.receiver.track.kind as 'video' | 'audio',
    track: transceiver.receiver.track,
  }))
  return { connectionId: opened.connection_id, tracks, stats: () => peer.getStats(), close }
}
