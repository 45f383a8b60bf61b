/** Sends camera and microphone by WHIP (RFC 9725), and publishes again by itself for as long as it is wanted. */

import { ref } from 'vue'

import { retryWaitMs } from '@/media/backoff'
import { gathered } from '@/media/gathering'
import { iceNameOf, renamed, restartRequest } from '@/media/iceFragment'
import { onOtherNetwork } from '@/media/otherNetwork'
import { sendingSample, type Outbound } from '@/media/sending'
import type { Sending } from '@/wire/events'
import { caller } from '@/wire/http'
import { asRefusal, isFinal, Refusal, refusalOf } from '@/wire/refusal'

export type PublisherPhase = 'idle' | 'starting' | 'live' | 'retrying' | 'refused'

const POST_LIMIT_MS = 8_000
/** From the answer to media flowing. */
const CONNECT_LIMIT_MS = 8_000
const DISCONNECTED_LIMIT_MS = 3_000
const RESTART_LIMIT_MS = 2_500
/** The picture goes out twice: whole, and small for the tiles of those who look at many. */
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'f', maxBitrate: 2_500_000 },
]

export class Publisher {
  readonly phase = ref<PublisherPhase>('idle')
  readonly attempt = ref(0)
  /** `performance.now()` of the next try while retrying. */
  readonly nextTryAt = ref<number | null>(null)
  readonly refusal = ref<Refusal | null>(null)
  private peer: RTCPeerConnection | null = null
  private location: string | null = null
  private timer = 0
  private otherNetwork: { forget: () => void } | null = null
  private offering = false
  private again = false
  private url = ''
  private stream: MediaStream | null = null

  start(url: string, stream: MediaStream): void {
    this.url = url
    this.stream = stream
    this.attempt.value = 0
    this.phase.value = 'starting'
    void this.publish()
  }

  /** Ends publishing and tells the other side. */
  async stop(): Promise<void> {
    this.phase.value = 'idle'
    await this.hangUp()
  }

  retryNow(): void {
    if (this.phase.value === 'retrying' || this.phase.value === 'refused') void this.publish()
  }

  /** As the hub names it; null while nothing is sent. */
  connectionId(): string | null {
    return this.phase.value === 'live' ? (this.location?.split('/').pop() ?? null) : null
  }

  /** Everything is to be sent anew, whatever the present connection still believes. */
  renew(): void {
    if (this.phase.value === 'idle' || this.phase.value === 'refused') return
    this.phase.value = 'starting'
    this.attempt.value = 0
    void this.publish()
  }

  /** Tries at once instead of waiting for the back-off. */
  wake(): void {
    if (this.phase.value === 'retrying') void this.publish()
  }

  /** Another camera or microphone without a new session. */
  async replace(track: MediaStreamTrack): Promise<void> {
    await this.peer?.getSenders().find((sender) => sender.track?.kind === track.kind)?.replaceTrack(track)
  }

  stats(): Promise<RTCStatsReport> | null {
    return this.phase.value === 'live' ? (this.peer?.getStats() ?? null) : null
  }

  async sending(): Promise<Sending | null> {
    const connection_id = this.location?.split('/').pop()
    const report = await this.stats()
    const sample = report && sendingSample(report.values() as Iterable<Outbound>)
    return sample && connection_id ? { connection_id, limited: sample.limited } : null
  }

  private wanted(): boolean {
    return this.phase.value !== 'idle'
  }

  /** One offer at a time: the hub keeps the last that arrives, which of two is not the last that was sent. */
  private async publish(): Promise<void> {
    this.nextTryAt.value = null
    this.drop()
    if (!this.wanted() || !this.stream) return
    if (this.offering) {
      this.again = true
      return
    }
    this.offering = true
    this.again = false
    await this.offer(this.stream)
    this.offering = false
    if (!this.wanted()) await this.hangUp()
    else if (this.again) await this.publish()
  }

  private async offer(stream: MediaStream): Promise<void> {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.peer = peer
    try {
      for (const track of stream.getTracks()) {
        peer.addTransceiver(track, {
          direction: 'sendonly',
          streams: [stream],
          ...(track.kind === 'video' ? { sendEncodings: LAYERS } : {}),
        })
      }
      await peer.setLocalDescription(await peer.createOffer())
      await gathered(peer)
      const answer = await this.post(peer.localDescription?.sdp ?? '')
      if (this.peer !== peer) return
      this.follow(peer)
      await peer.setRemoteDescription({ type: 'answer', sdp: answer })
    } catch (reason) {
      if (this.peer === peer) this.failed(asRefusal(reason))
    }
  }

  private async post(sdp: string): Promise<string> {
    let response: Response
    try {
      response = await fetch(this.url, {
        method: 'POST',
        body: sdp,
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/sdp', 'X-CSRF-Token': caller.csrf ?? '', 'Accept-Language': caller.lang },
        signal: AbortSignal.timeout(POST_LIMIT_MS),
      })
    } catch {
      throw new Refusal('offline', 'offline', '')
    }
    if (response.status !== 201) throw await refusalOf(response)
    const location = response.headers.get('Location')
    this.location = location ? new URL(location, response.url).href : null
    return response.text()
  }

  private follow(peer: RTCPeerConnection): void {
    this.otherNetwork?.forget()
    this.otherNetwork = onOtherNetwork(() => {
      if (this.peer === peer && this.phase.value === 'live') void this.restart(peer)
    })
    let timer = window.setTimeout(dead.bind(this), CONNECT_LIMIT_MS)
    function dead(this: Publisher): void {
      clearTimeout(timer)
      if (this.peer === peer) this.failed(new Refusal('offline', 'offline', ''))
    }
    peer.addEventListener('connectionstatechange', () => {
      if (peer.connectionState === 'connecting') return
      clearTimeout(timer)
      if (this.peer !== peer) return
      if (peer.connectionState === 'connected') {
        this.phase.value = 'live'
        this.attempt.value = 0
        this.refusal.value = null
      } else if (peer.connectionState === 'disconnected') {
        timer = window.setTimeout(dead.bind(this), DISCONNECTED_LIMIT_MS)
        void this.restart(peer)
      }
      else if (peer.connectionState === 'failed') dead.call(this)
    })
  }

  /** Another way to the same session: keys, picture and tile stay. Where it fails, all is sent anew soon. */
  private async restart(peer: RTCPeerConnection): Promise<void> {
    const former = peer.remoteDescription?.sdp
    if (!this.location || !former) return
    try {
      await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }))
      const mine = iceNameOf(peer.localDescription?.sdp ?? '')
      if (!mine) return
      const response = await fetch(this.location, {
        method: 'PATCH',
        body: restartRequest(mine),
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*', 'X-CSRF-Token': caller.csrf ?? '' },
        signal: AbortSignal.timeout(RESTART_LIMIT_MS),
      })
      const sdp = response.status === 200 ? renamed(former, await response.text()) : null
      if (sdp && this.peer === peer) await peer.setRemoteDescription({ type: 'answer', sdp })
    } catch {
      // Whatever it was, the connection counts as dead after its limit.
    }
  }

  /** A refusal that no retry can heal ends it; everything else is tried again. */
  private failed(refusal: Refusal): void {
    this.refusal.value = refusal
    this.drop()
    if (this.phase.value === 'idle') return
    if (isFinal(refusal)) {
      this.phase.value = 'refused'
      return
    }
    this.phase.value = 'retrying'
    this.attempt.value += 1
    const wait = retryWaitMs(refusal.code, this.attempt.value, 500, 5_000)
    this.nextTryAt.value = performance.now() + wait
    this.timer = window.setTimeout(() => void this.publish(), wait)
  }

  /** Lets the peer go without a word: the hub gives its place to the next one, and the feed goes on. */
  private drop(): void {
    clearTimeout(this.timer)
    this.otherNetwork?.forget()
    this.otherNetwork = null
    this.peer?.close()
    this.peer = null
  }

  private async hangUp(): Promise<void> {
    this.drop()
    const location = this.location
    this.location = null
    if (!location) return
    try {
      await fetch(location, {
        method: 'DELETE',
        credentials: 'same-origin',
        keepalive: true,
        headers: { 'X-CSRF-Token': caller.csrf ?? '' },
        signal: AbortSignal.timeout(3_000),
      })
    } catch {
      // The session ends by itself when its packets stop.
    }
  }
}
