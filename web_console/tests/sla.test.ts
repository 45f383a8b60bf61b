import { describe, expect, it } from 'vitest'

import { compareSla, formatRemaining, formatSpan, readSla } from '@/sla/sla'
import type { ClockView } from '@/wire/views'

const start = Date.parse('2026-01-01T00:00:00.000Z')
const clock = (stopped: number | null = null): ClockView => ({
  name: 'response', started_at: new Date(start).toISOString(), due_at: new Date(start + 900_000).toISOString(), target_s: 900,
  stopped_at: stopped === null ? null : new Date(start + stopped).toISOString(),
})

describe('a deadline', () => {
  it.each([[0, 'calm'], [449_000, 'calm'], [450_000, 'warn'], [719_000, 'warn'], [720_000, 'urgent'], [900_000, 'urgent'], [900_001, 'breach']])(
    'is after %i ms %s', (ms, state) => {
      expect(readSla(clock(), start + ms).state).toBe(state)
    })

  it('shows the time it took once stopped, and whether that was late', () => {
    expect(readSla(clock(276_000), start + 5_000_000)).toMatchObject({ state: 'done', usedMs: 276_000, late: false })
    expect(readSla(clock(901_000), start)).toMatchObject({ state: 'done', late: true })
  })

  it('counts up beyond the deadline', () => {
    expect(formatRemaining(434_000)).toBe('07:14')
    expect(formatRemaining(433_100)).toBe('07:14')
    expect(formatRemaining(-134_900)).toBe('+02:14')
    expect(formatSpan(3_723_000)).toBe('1:02:03')
  })

  it('sorts least time left first and stopped ones last', () => {
    const done = readSla(clock(1_000), start)
    const soon = readSla(clock(), start + 800_000)
    const calm = readSla(clock(), start)
    expect([done, calm, soon].sort(compareSla)).toEqual([soon, calm, done])
  })
})
