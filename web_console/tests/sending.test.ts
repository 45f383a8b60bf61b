import { describe, expect, it } from 'vitest'

import { judgeSending, sendingBars, sendingNow, sendingSample, type Outbound, type SendingNow, type SendingVerdict } from '@/media/sending'

const entries: Outbound[] = [
  { type: 'outbound-rtp', kind: 'video', bytesSent: 1_000, frameHeight: 180, qualityLimitationReason: 'none', timestamp: 1_000 },
  { type: 'outbound-rtp', kind: 'video', bytesSent: 9_000, frameHeight: 720, qualityLimitationReason: 'cpu', timestamp: 1_000 },
  { type: 'outbound-rtp', kind: 'audio', bytesSent: 500, timestamp: 1_000 },
  { type: 'remote-inbound-rtp', kind: 'video', fractionLost: 0.04, roundTripTime: 0.12, timestamp: 1_000 },
  { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.01, roundTripTime: 0.1, timestamp: 1_000 },
  { type: 'transport', timestamp: 1_000 },
]
const good: SendingNow = { bitrateBps: 1_500_000, height: 720, limited: 'none', lossPct: 0, rttMs: 40 }

describe('what is sent', () => {
  it('is summed over its layers, by the worst that is said of them', () => {
    expect(sendingSample(entries)).toEqual({ atMs: 1_000, bytes: 10_500, height: 720, limited: 'cpu', lossPct: 4, rttMs: 120 })
    expect(sendingSample([])).toBeNull()
  })
  it('has a rate between two samples of one connection', () => {
    const before = sendingSample(entries)
    const after = before && { ...before, atMs: 3_000, bytes: 510_500 }
    expect(after && sendingNow(before, after)?.bitrateBps).toBe(2_000_000)
    expect(after && sendingNow(null, after)).toBeNull()
    expect(after && before && sendingNow(after, { ...before, atMs: 4_000 })).toBeNull()
  })

  const TABLE: [string, Partial<SendingNow>, boolean, SendingVerdict, number][] = [
    ['all is well', {}, true, 'fine', 4],
    ['the net loses', { lossPct: 6 }, true, 'weak', 2],
    ['the net loses much', { lossPct: 15 }, true, 'weak', 1],
    ['the way is very long', { rttMs: 1_500 }, true, 'weak', 2],
    ['no bandwidth, small picture', { bitrateBps: 200_000, height: 360, limited: 'bandwidth' }, true, 'weak', 2],
    ['no bandwidth for more, and the picture is fine', { limited: 'bandwidth' }, true, 'fine', 4],
    ['the phone cannot keep up', { height: 360, limited: 'cpu' }, true, 'busy', 4],
    ['a voice alone', { bitrateBps: 30_000, height: null, limited: 'bandwidth' }, false, 'fine', 2],
  ]
  it.each(TABLE)('is judged: %s', (_what, facts, picture, verdict, bars) => {
    const now = { ...good, ...facts }
    expect(judgeSending(now, picture)).toBe(verdict)
    expect(sendingBars(now, verdict)).toBe(bars)
  })
  it('has no bars while nothing is known', () => {
    expect(sendingBars(null, 'fine')).toBe(0)
  })
})
