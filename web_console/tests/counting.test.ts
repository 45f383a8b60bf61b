import { describe, expect, it } from 'vitest'

import { beyond, countHeld, NONE, sum } from '@/console/top/counting'
import type { IncidentView } from '@/wire/views'

const NOW = Date.parse('2026-01-01T01:00:00.000Z')
const at = (ms: number) => new Date(NOW + ms).toISOString()
const incident = (state: IncidentView['state'], dueInMs: number, stopped = false): IncidentView =>
  ({ state, clock: { name: 'response', started_at: at(dueInMs - 900_000), due_at: at(dueInMs), target_s: 900, stopped_at: stopped ? at(dueInMs - 1) : null } }) as IncidentView
const many = (n: number, ...of: Parameters<typeof incident>) => Array.from({ length: n }, () => incident(...of))
const held = [...many(3, 'received', 60_000), ...many(2, 'dispatched', -60_000), incident('dispatched', -60_000, true), ...many(4, 'resolved', -60_000), incident('closed', -60_000)]

describe('the tally', () => {
  it('counts what the page holds: resolved ones are neither open nor overdue', () => {
    expect(countHeld(held, NOW)).toEqual({ open: 6, overdue: 2, resolved: 4 })
  })

  it('adds what the hub counts beyond that', () => {
    const all = { open: 6 + 4 + 30 + 5, overdue: 2 + 7, resolved: 4 + 5 }
    expect(beyond(all, held, NOW)).toEqual({ open: 30, overdue: 7, resolved: 5 })
    expect(sum(countHeld(held, NOW), beyond(all, held, NOW))).toEqual({ open: 36, overdue: 9, resolved: 9 })
  })

  it('is the page’s own when the hub counts the same, and never less when the hub is a moment behind', () => {
    expect(beyond({ open: 10, overdue: 2, resolved: 4 }, held, NOW)).toEqual(NONE)
    expect(beyond({ open: 1, overdue: 0, resolved: 0 }, held, NOW)).toEqual(NONE)
  })
})
