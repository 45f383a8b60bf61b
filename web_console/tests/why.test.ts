import { describe, expect, it } from 'vitest'

import { received, sampleOf, type Inbound, type Received } from '@/media/received'
import { effectOf, judge, Steady, type Facts, type Verdict } from '@/media/why'

const seen: Received = { seconds: 6, frames: 150, dropped: 0, freezes: 0, frozenMs: 0, decodeMs: 4, bufferMs: 60, concealedPct: 0, lossPct: 0 }
const sound: Received = { ...seen, frames: 0 }
const uplink = { lossPct: 0, missingPct: 0, bitrateBps: 2_000_000, rttMs: 40, height: 720, limited: 'none' }
const downlink = { lossPct: 0, rttMs: 20, jitterMs: 5, held: false, height: 720, availableBps: null }
const server = { cpu: 0.2, lagMs: 2, dropped: 0, saving: false }
const good: Facts = { hidden: false, seen, sound, uplink, downlink, server }
const unknown: Facts = { hidden: false, seen: null, sound: null, uplink: null, downlink: null, server: null }
const frozen = { ...seen, freezes: 2, frozenMs: 1_500 }

const TABLE: [string, Partial<Facts>, Verdict][] = [
  ['all is well', {}, 'fine'],
  ['nothing is known yet', unknown, 'fine'],
  ['a little loss both ways', { uplink: { ...uplink, lossPct: 2 }, downlink: { ...downlink, lossPct: 2 } }, 'fine'],
  ['loss on the way up', { uplink: { ...uplink, lossPct: 8 } }, 'sender_uplink'],
  ['loss on the way up that repair does not heal', { uplink: { ...uplink, missingPct: 2 } }, 'sender_uplink'],
  ['loss on the way down', { downlink: { ...downlink, lossPct: 8 } }, 'my_downlink'],
  ['loss both ways, more up', { uplink: { ...uplink, lossPct: 12 }, downlink: { ...downlink, lossPct: 8 } }, 'sender_uplink'],
  ['loss both ways, more down', { uplink: { ...uplink, lossPct: 6 }, downlink: { ...downlink, lossPct: 8 } }, 'my_downlink'],
  ['the downlink takes the large layer away', { downlink: { ...downlink, held: true, height: 180 } }, 'my_downlink'],
  ['a very long way down', { downlink: { ...downlink, rttMs: 1_200 } }, 'my_downlink'],
  ['the sender has no bandwidth', { uplink: { ...uplink, bitrateBps: 200_000, height: 360, limited: 'bandwidth' } }, 'sender_uplink'],
  ['the sender has less bandwidth than it would like, and enough', { uplink: { ...uplink, limited: 'bandwidth' } }, 'fine'],
  ['a small picture by choice', { uplink: { ...uplink, bitrateBps: 200_000, height: 360, limited: 'none' } }, 'fine'],
  ['a body-cam that says nothing of its limits', { uplink: { ...uplink, bitrateBps: 200_000, height: 360, limited: null } }, 'fine'],
  ['the sender cannot encode fast enough', { uplink: { ...uplink, height: 360, limited: 'cpu' } }, 'sender_device'],
  ['… and loses packets as well', { uplink: { ...uplink, height: 360, limited: 'cpu', lossPct: 9 } }, 'sender_uplink'],
  ['frames are decoded too late to be shown', { seen: { ...seen, frames: 60, dropped: 60 } }, 'this_device'],
  ['frames come in bursts, and too late to be shown', { seen: { ...seen, frames: 60, dropped: 60 }, downlink: { ...downlink, jitterMs: 120 } }, 'fine'],
  ['decoding takes all of the time', { seen: { ...seen, decodeMs: 45, frames: 132 } }, 'this_device'],
  ['frames are dropped because they came late over a bad network', { seen: { ...frozen, frames: 60, dropped: 60 }, downlink: { ...downlink, lossPct: 8 } }, 'my_downlink'],
  ['the server is late, and the networks look bad for it', { server: { ...server, lagMs: 220 }, uplink: { ...uplink, lossPct: 9 }, downlink: { ...downlink, lossPct: 9 } }, 'server'],
  ['the server is a little late, and nobody notices', { server: { ...server, lagMs: 120 } }, 'fine'],
  ['the server is a little late, and the picture stands', { server: { ...server, lagMs: 120 }, seen: frozen }, 'server'],
  ['the server is a little late, and the network loses', { server: { ...server, lagMs: 120 }, seen: frozen, downlink: { ...downlink, lossPct: 9 } }, 'my_downlink'],
  ['the server drops packets', { server: { ...server, dropped: 60 } }, 'server'],
  ['the server is busy, and nobody notices', { server: { ...server, cpu: 0.99, saving: true } }, 'fine'],
  ['the server gives up the large layer for everyone', { server: { ...server, cpu: 0.9, saving: true }, downlink: { ...downlink, held: true, height: 180 } }, 'server'],
  ['the server is busy, and the picture stands', { server: { ...server, cpu: 0.99 }, seen: frozen }, 'server'],
  ['the picture stands with some loss on the way down', { seen: frozen, downlink: { ...downlink, lossPct: 3 } }, 'my_downlink'],
  ['the picture stands with some loss on the way up', { seen: frozen, uplink: { ...uplink, lossPct: 3 }, downlink: { ...downlink, lossPct: 1 } }, 'sender_uplink'],
  ['the picture stands and nobody is near a limit', { seen: frozen }, 'unknown'],
  ['the voice is chopped and nobody is near a limit', { sound: { ...sound, concealedPct: 12 } }, 'unknown'],
  ['nobody looks', { hidden: true, seen: frozen, downlink: { ...downlink, lossPct: 50 } }, 'fine'],
]

describe('why a picture is bad', () => {
  it.each(TABLE)('%s', (_what, facts, verdict) => {
    expect(judge({ ...good, ...facts })).toBe(verdict)
  })

  it('tells what people notice', () => {
    expect(effectOf(good)).toEqual({ frozen: false, choppy: false, small: false })
    expect(effectOf({ ...good, seen: frozen, sound: { ...sound, concealedPct: 9 }, downlink: { ...downlink, held: true } })).toEqual({ frozen: true, choppy: true, small: true })
    expect(effectOf({ ...good, uplink: { ...uplink, height: 180, limited: 'bandwidth' } }).small).toBe(true)
  })
})

const SHOWN: [string, string, string][] = [
  ['one bad reading is not shown', 'fd', 'ff'],
  ['two in a row are', 'fdd', 'ffd'],
  ['bad readings of different kinds count together, and the last is shown', 'fud', 'ffd'],
  ['one fine reading among bad ones changes nothing', 'ddfd', 'fddd'],
  ['two fine ones neither', 'ddffd', 'fdddd'],
  ['three fine ones end it', 'ddfff', 'fdddf'],
  ['another cause must come three times', 'dduuu', 'fdddu'],
  ['two causes in turn keep the first', 'ddududud', 'fddddddd'],
  ['one that comes back is shown again after two', 'ddfffdd', 'fdddffd'],
]

describe('a shown verdict', () => {
  it.each(SHOWN)('%s', (_what, readings, shown) => {
    const steady = new Steady<string>('f')
    expect([...readings].map((reading) => steady.note(reading)).join('')).toBe(shown)
  })
})

describe('what the browser counts', () => {
  const inbound = (more: Partial<Inbound>): Inbound => ({ type: 'inbound-rtp', mid: 'v0', kind: 'video', ...more })
  const between = (one: Partial<Inbound>, two: Partial<Inbound>) => received(sampleOf([inbound(one)], 1_000), sampleOf([inbound(two)], 3_000), 'v0')

  it('is taken between two samples', () => {
    const figures = between(
      { packetsReceived: 100, packetsLost: 1, framesDecoded: 50, totalDecodeTime: 1, jitterBufferDelay: 2, jitterBufferEmittedCount: 50, freezeCount: 1, totalFreezesDuration: 0.3 },
      { packetsReceived: 290, packetsLost: 11, framesDecoded: 100, framesDropped: 4, totalDecodeTime: 1.5, jitterBufferDelay: 6, jitterBufferEmittedCount: 100, freezeCount: 3, totalFreezesDuration: 0.9 },
    )
    expect(figures).toMatchObject({ seconds: 2, frames: 50, dropped: 4, freezes: 2, lossPct: 5 })
    expect(figures?.frozenMs).toBeCloseTo(600)
    expect(figures?.decodeMs).toBeCloseTo(10)
    expect(figures?.bufferMs).toBeCloseTo(80)
  })
  it('shows a freeze that lasts by the frames that do not come', () => {
    expect(between({ framesDecoded: 50 }, { framesDecoded: 50 })?.frozenMs).toBe(2_000)
    expect(between({}, {})?.frozenMs).toBe(0)
  })
  it('leaves made-up silence out of what was concealed', () => {
    expect(between({}, { totalSamplesReceived: 1000, concealedSamples: 300, silentConcealedSamples: 200 })?.concealedPct).toBe(10)
  })
  it('says nothing of an m-line that is new or counts anew', () => {
    expect(received(sampleOf([], 0), sampleOf([inbound({})], 2_000), 'v0')).toBeNull()
    expect(between({ packetsReceived: 100 }, { packetsReceived: 3 })).toBeNull()
  })
})
