import { describe, expect, it } from 'vitest'

import { atOrAfter, SlotGate } from '@/media/slotGate'
import type { SlotState } from '@/wire/events'

const slot = (source_id: string | null, epoch: number, first_rtp_ts: number | null): SlotState => ({
  slot: 0, kind: 'video', mid: '0', source_id, epoch, first_rtp_ts, undecodable: null, still: false,
})

describe('the RTP clock', () => {
  it('orders timestamps across the wrap of 32 bits', () => {
    expect(atOrAfter(5, 2 ** 32 - 5)).toBe(true)
    expect(atOrAfter(2 ** 32 - 5, 5)).toBe(false)
    expect(atOrAfter(7, 7)).toBe(true)
  })
})

describe('a slot gate', () => {
  it('stays shut until a frame of the source itself is on screen', () => {
    const gate = new SlotGate('a')
    expect(gate.map(slot('a', 1, 1000), 0)).toBe(false)
    expect(gate.frame(999, 1)).toBe(false)
    expect(gate.frame(1000, 2)).toBe(true)
  })

  it('opens when the map comes after the frame', () => {
    const gate = new SlotGate('a')
    expect(gate.frame(1000, 0)).toBe(false)
    expect(gate.map(slot('a', 1, 1000), 1)).toBe(true)
  })

  it('waits while the first frame is still on its way', () => {
    const gate = new SlotGate('a')
    gate.map(slot('a', 1, null), 0)
    expect(gate.frame(1, 1)).toBe(false)
    expect(gate.map(slot('a', 1, 1), 2)).toBe(true)
  })

  it('shuts at once when the slot is emptied or its epoch moves on', () => {
    const gate = new SlotGate('a')
    gate.map(slot('a', 1, 0), 0)
    gate.frame(5, 1)
    expect(gate.open).toBe(true)
    expect(gate.map(slot('a', 2, null), 2)).toBe(false)
    gate.map(slot('a', 2, 10), 3)
    expect(gate.frame(10, 4)).toBe(true)
    expect(gate.map(slot(null, 2, null), 5)).toBe(false)
    expect(gate.frame(20, 6)).toBe(false)
  })

  it('never opens for another source', () => {
    const gate = new SlotGate('a')
    gate.map(slot('b', 1, 0), 0)
    expect(gate.frame(10, 1)).toBe(false)
  })
})
