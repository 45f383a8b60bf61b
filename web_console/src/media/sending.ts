/** How what this device sends gets through, by its browser's own counters. Pure. */

import { LIMITS } from '@/media/why'

export type SendingVerdict = 'fine' | 'weak' | 'busy'

/** The parts of `outbound-rtp` and `remote-inbound-rtp` entries that are looked at. */
export interface Outbound {
  type: string
  kind?: string
  active?: boolean
  bytesSent?: number
  frameHeight?: number
  fractionLost?: number
  roundTripTime?: number
  qualityLimitationReason?: string
  timestamp: number
}
export type Limited = 'none' | 'bandwidth' | 'cpu' | 'other'

export interface SendingSample {
  atMs: number
  bytes: number
  /** Of the largest picture that is being sent. */
  height: number | null
  limited: Limited
  lossPct: number
  rttMs: number | null
}
export interface SendingNow extends Omit<SendingSample, 'atMs' | 'bytes'> {
  bitrateBps: number
}

/** Null when nothing is sent. */
export function sendingSample(entries: Iterable<Outbound>): SendingSample | null {
  const sample: SendingSample = { atMs: 0, bytes: 0, height: null, limited: 'none', lossPct: 0, rttMs: null }
  for (const entry of entries) {
    if (entry.type === 'outbound-rtp') {
      sample.bytes += entry.bytesSent ?? 0
      sample.atMs = entry.timestamp
      if (entry.frameHeight) sample.height = Math.max(sample.height ?? 0, entry.frameHeight)
      if (entry.kind === 'video') sample.limited = worse(sample.limited, entry.qualityLimitationReason)
    } else if (entry.type === 'remote-inbound-rtp') {
      sample.lossPct = Math.max(sample.lossPct, 100 * (entry.fractionLost ?? 0))
      if (entry.roundTripTime !== undefined) sample.rttMs = Math.max(sample.rttMs ?? 0, 1000 * entry.roundTripTime)
    }
  }
  return sample.atMs ? sample : null
}

const RANK: Limited[] = ['none', 'other', 'cpu', 'bandwidth']
function worse(one: Limited, other: string | undefined): Limited {
  const known = RANK.find((reason) => reason === other) ?? 'none'
  return RANK.indexOf(known) > RANK.indexOf(one) ? known : one
}

export function sendingNow(before: SendingSample | null, after: SendingSample): SendingNow | null {
  if (!before || after.atMs <= before.atMs || after.bytes < before.bytes) return null
  const { height, limited, lossPct, rttMs } = after
  return { bitrateBps: ((after.bytes - before.bytes) * 8_000) / (after.atMs - before.atMs), height, limited, lossPct, rttMs }
}

/** @param picture whether a camera is sent: a voice alone is small and that is right. */
export function judgeSending(now: SendingNow, picture: boolean): SendingVerdict {
  if (now.lossPct >= LIMITS.lossPct || (now.rttMs ?? 0) >= LIMITS.rttMs) return 'weak'
  if (!picture) return 'fine'
  const small = (now.height !== null && now.height < LIMITS.smallHeight) || now.bitrateBps < LIMITS.smallBps
  if (!small) return 'fine'
  return now.limited === 'bandwidth' ? 'weak' : now.limited === 'cpu' ? 'busy' : 'fine'
}

/** Bars for what is sent: 0 to 4. */
export function sendingBars(now: SendingNow | null, verdict: SendingVerdict): number {
  if (!now) return 0
  const bars = now.bitrateBps > 800_000 ? 4 : now.bitrateBps > 300_000 ? 3 : 2
  return verdict === 'weak' ? Math.min(bars, now.lossPct >= 2 * LIMITS.lossPct ? 1 : 2) : bars
}
