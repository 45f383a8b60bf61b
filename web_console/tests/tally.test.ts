import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { reactive } from 'vue'

const streams = reactive({ incidents: [], partial: false, onSynced: (listener: () => void) => (synced = listener) })
let synced: () => void = () => undefined
const counts = vi.fn(() => Promise.resolve({ counts: { open: 12, overdue: 3, resolved: 5 } }))
vi.mock('@/state/streamStore', () => ({ useStreams: () => streams }))
vi.mock('@/state/link', () => ({ useLink: () => ({ connected: true }) }))
vi.mock('@/state/clock', () => ({ useClock: () => ({ nowMs: 0, serverNow: () => 0 }) }))
vi.mock('@/wire/commands', () => ({ counts }))
vi.stubGlobal('window', { setInterval: () => 0 })
const { useTally } = await import('@/console/top/tally')

describe('the tally of a page', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    counts.mockClear()
  })

  it('asks the hub only where a sync brought a part', async () => {
    const tally = useTally()
    synced()
    expect([counts.mock.calls.length, tally.all]).toEqual([0, { open: 0, overdue: 0, resolved: 0 }])
    streams.partial = true
    synced()
    await vi.waitUntil(() => tally.all.open > 0)
    expect(tally.outside).toEqual({ open: 7, overdue: 3, resolved: 5 })
    streams.partial = false
    synced()
    expect(tally.outside).toEqual({ open: 0, overdue: 0, resolved: 0 })
  })
})
