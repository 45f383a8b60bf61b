import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { onOtherNetwork } from '@/media/otherNetwork'

class Information extends EventTarget {
  type = 'wifi'
}
let information: Information
let told = 0

beforeEach(() => {
  vi.useFakeTimers()
  information = new Information()
  vi.stubGlobal('window', Object.assign(new EventTarget(), { setTimeout }))
  vi.stubGlobal('navigator', { connection: information })
  told = 0
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('several events tell of one change', () => {
  onOtherNetwork(() => told++)
  information.type = 'cellular'
  information.dispatchEvent(new Event('change'))
  window.dispatchEvent(new Event('online'))
  vi.advanceTimersByTime(1_000)
  expect(told).toBe(1)
})

test('worse reception of the same network is no change', () => {
  onOtherNetwork(() => told++)
  information.dispatchEvent(new Event('change'))
  vi.advanceTimersByTime(1_000)
  expect(told).toBe(0)
})

test('what is forgotten hears nothing more', () => {
  const other = onOtherNetwork(() => told++)
  window.dispatchEvent(new Event('online'))
  other.forget()
  information.type = 'cellular'
  information.dispatchEvent(new Event('change'))
  vi.advanceTimersByTime(1_000)
  expect(told).toBe(0)
})
