import { describe, expect, it } from 'vitest'

import { isCrowded, retryWaitMs } from '@/media/backoff'

const waits = (code: string) => [1, 2, 3, 4, 5, 6].map((attempt) => retryWaitMs(code, attempt, 250, 3_000))

describe('the wait before the next connection', () => {
  it('is short after a break in the way', () => {
    expect(waits('offline')).toEqual([250, 500, 1_000, 2_000, 3_000, 3_000])
  })

  it.each([
    ['too_many_connections', [10_000, 20_000, 40_000, 60_000, 60_000, 60_000]],
    ['media_full', [3_000, 6_000, 12_000, 24_000, 30_000, 30_000]],
  ])('is long after %s', (code, expected) => {
    expect(isCrowded(code)).toBe(true)
    expect(waits(code)).toEqual(expected)
  })
})
