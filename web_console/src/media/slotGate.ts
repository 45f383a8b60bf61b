/**
 * Decides when a picture in a slot may be shown and named.
 *
 * A slot is a video track whose content the media plane changes without any event on the track. The slot map says which
 * source it carries and from which RTP timestamp on; until a frame with that timestamp has been shown by the browser, what
 * is in the track may still belong to the one before, so the gate is closed. Pure; time arrives as an argument.
 */

import type { SlotState } from '@/wire/events'

const HALF_TIMESTAMP = 2 ** 31
/** A browser that does not tell RTP timestamps opens this long after the map, on the next frame. */
const BLIND_WAIT_MS = 400

/** Whether `a` is at or after `b` on the 32-bit RTP clock. */
export function atOrAfter(a: number, b: number): boolean {
  return (a - b) >>> 0 < HALF_TIMESTAMP
}

export class SlotGate {
  private state: SlotState | null = null
  private knownSinceMs = 0
  private lastRtpTs: number | undefined
  private opened = false

  constructor(private readonly wanted: string | null) {}

  get open(): boolean {
    return this.opened
  }

  /** Takes the slot's new state; closes at once when source or epoch changed. Returns whether it is open. */
  map(state: SlotState | null, nowMs: number): boolean {
    const same =
      state !== null && this.state !== null &&
      state.source_id === this.state.source_id && state.epoch === this.state.epoch && state.mid === this.state.mid
    if (!same) {
      this.opened = false
      this.knownSinceMs = nowMs
    }
    this.state = state
    if (!this.opened && this.lastRtpTs !== undefined) this.judge(this.lastRtpTs, nowMs)
    return this.opened
  }

  /** A frame was shown in the slot's element. Returns whether the gate is open. */
  frame(rtpTs: number | undefined, nowMs: number): boolean {
    this.lastRtpTs = rtpTs
    if (!this.opened) this.judge(rtpTs, nowMs)
    return this.opened
  }

  private judge(rtpTs: number | undefined, nowMs: number): void {
    const state = this.state
    if (!state || this.wanted === null || state.source_id !== this.wanted || state.first_rtp_ts === null) return
    this.opened =
      rtpTs === undefined ? nowMs - this.knownSinceMs >= BLIND_WAIT_MS : atOrAfter(rtpTs, state.first_rtp_ts)
  }
}
