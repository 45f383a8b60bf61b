import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { useTries } from '@/state/tries'

const PACE = { firstMs: 1_000, lastMs: 4_000 }

describe('tries', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('wait longer each time, up to a limit, and end with the first that holds', async () => {
    const answers = [false, false, false, false, true]
    const at: number[] = []
    const tries = useTries(() => {
      at.push(performance.now())
      return Promise.resolve(answers[at.length - 1] ?? true)
    }, PACE)
    await tries.begin()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(at.map((ms) => ms - (at[0] ?? 0))).toEqual([0, 1_000, 3_000, 7_000, 11_000])
    expect(tries.wanted.value).toBe(false)
    expect(tries.nextTryAt.value).toBeNull()
  })

  it('say which try is next and when, and go at once when asked', async () => {
    let count = 0
    const tries = useTries(() => Promise.resolve(++count === 3), PACE)
    await tries.begin()
    expect(tries.attempt.value).toBe(1)
    expect((tries.nextTryAt.value ?? 0) - performance.now()).toBe(1_000)
    await tries.now()
    expect(tries.attempt.value).toBe(2)
    await tries.now()
    expect(count).toBe(3)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(count).toBe(3)
  })

  it('end when nobody wants them, even while one is under way', async () => {
    let count = 0
    let answer: (held: boolean) => void = () => undefined
    const tries = useTries(() => {
      count += 1
      return new Promise<boolean>((resolve) => {
        answer = resolve
      })
    }, PACE)
    void tries.begin()
    tries.stop()
    answer(false)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(count).toBe(1)
    expect(tries.wanted.value).toBe(false)
  })

  it('never run twice at once: a new beginning waits for the one under way', async () => {
    let under = 0
    let most = 0
    const tries = useTries(async () => {
      most = Math.max(most, ++under)
      await new Promise((resolve) => setTimeout(resolve, 500))
      under -= 1
      return true
    }, PACE)
    void tries.begin()
    void tries.begin()
    void tries.now()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(most).toBe(1)
    expect(tries.wanted.value).toBe(false)
  })
})
