/** What the browser itself counts of the media that it receives, by m-line. Pure. */

/** The parts of an `inbound-rtp` entry that are looked at; every one of them may be absent. */
export interface Inbound {
  type: string
  mid?: string
  kind?: string
  packetsReceived?: number
  packetsLost?: number
  framesDecoded?: number
  framesDropped?: number
  freezeCount?: number
  totalFreezesDuration?: number
  totalDecodeTime?: number
  jitterBufferDelay?: number
  jitterBufferEmittedCount?: number
  concealedSamples?: number
  silentConcealedSamples?: number
  totalSamplesReceived?: number
}
export interface Sample {
  atMs: number
  inbound: Map<string, Inbound>
}

/** An m-line between two samples. */
export interface Received {
  seconds: number
  frames: number
  /** Decoded, or ready to be, and not shown. */
  dropped: number
  freezes: number
  frozenMs: number
  decodeMs: number
  bufferMs: number
  concealedPct: number
  lossPct: number
}

export function sampleOf(entries: Iterable<Inbound>, atMs: number): Sample {
  const inbound = new Map<string, Inbound>()
  for (const entry of entries) if (entry.type === 'inbound-rtp' && entry.mid !== undefined) inbound.set(entry.mid, entry)
  return { atMs, inbound }
}

type Counter = Exclude<keyof Inbound, 'type' | 'mid' | 'kind'>

/** Null for an m-line that is not in both, or counts anew. */
export function received(before: Sample, after: Sample, mid: string): Received | null {
  const one = before.inbound.get(mid)
  const two = after.inbound.get(mid)
  const seconds = (after.atMs - before.atMs) / 1000
  if (!one || !two || seconds <= 0 || (two.packetsReceived ?? 0) < (one.packetsReceived ?? 0)) return null
  const grown = (name: Counter) => Math.max(0, (two[name] ?? 0) - (one[name] ?? 0))
  const per = (part: number, whole: number) => (whole > 0 ? part / whole : 0)
  const frames = grown('framesDecoded')
  const packets = grown('packetsReceived')
  const lost = grown('packetsLost')
  // A freeze is counted by the browser when it is over: one that lasts shows as no frames at all.
  const standing = two.kind === 'video' && frames === 0 && (two.framesDecoded ?? 0) > 0
  const heard = grown('totalSamplesReceived')
  // Silence that was made up is the sender's pause (DTX), and nobody misses it.
  const concealed = Math.max(0, grown('concealedSamples') - grown('silentConcealedSamples'))
  return {
    seconds,
    frames,
    dropped: grown('framesDropped'),
    freezes: grown('freezeCount'),
    frozenMs: standing ? seconds * 1000 : Math.min(seconds, grown('totalFreezesDuration')) * 1000,
    decodeMs: 1000 * per(grown('totalDecodeTime'), frames),
    bufferMs: 1000 * per(grown('jitterBufferDelay'), grown('jitterBufferEmittedCount')),
    concealedPct: Math.min(100, 100 * per(concealed, heard)),
    lossPct: Math.min(100, 100 * per(lost, lost + packets)),
  }
}
