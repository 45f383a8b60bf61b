import { describe, expect, it } from 'vitest'

import { planWatch, type View } from '@/media/watchPlan'

const view = (id: string, sourceId: string, stage = false): View => ({ id, sourceId, stage, width: 321, height: 180 })

describe('the watch plan', () => {
  it('gives the stage slot 0 and the tiles the next ones', () => {
    const plan = planWatch([view('t1', 'b'), view('s', 'a', true), view('t2', 'c')], new Map(), 12)
    expect(Object.fromEntries(plan.slots)).toEqual({ s: 0, t1: 1, t2: 2 })
    expect(plan.video[0]).toEqual({ slot: 0, source_id: 'a', width: 320, height: 160 })
  })

  it('lets a tile keep its slot when another goes', () => {
    const plan = planWatch([view('t2', 'c'), view('t3', 'd')], new Map([['t1', 1], ['t2', 2]]), 12)
    expect(Object.fromEntries(plan.slots)).toEqual({ t2: 2, t3: 1 })
  })

  it('leaves out what finds no slot', () => {
    const plan = planWatch([view('t1', 'a'), view('t2', 'b')], new Map(), 2)
    expect(plan.slots.size).toBe(1)
  })
})
