import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Refusal } from '@/wire/refusal'
import type { IncidentView } from '@/wire/views'

const offline = new Refusal('offline', 'offline', '')
const over = new Refusal('refused', 'undo_over', '')
const link = { connected: true, socket: { on: () => undefined } }
const picture = { incidents: {} as Record<string, IncidentView> }
/** What the hub replies, in turn: a refusal, or a promise to wait for, or nothing for yes. */
const replies = { summon: [] as (Refusal | Promise<void>)[], recall: [] as Refusal[] }
const asked: string[] = []
const at = (ms: number) => new Date(Date.now() + ms).toISOString()
const issued = (): IncidentView => ({ id: 'i1', state: 'dispatched', assignments: [], summons: { state: 'issued', undo_until: at(5_000) } }) as unknown as IncidentView
const received = { id: 'i1', state: 'received', assignments: [], summons: null } as unknown as IncidentView

vi.mock('@/state/link', () => ({ useLink: () => link }))
vi.mock('@/state/streamStore', () => ({ useStreams: () => ({ picture, put: (it: IncidentView) => (picture.incidents[it.id] = it) }) }))
vi.mock('@/state/clock', () => ({ useClock: () => ({ nowMs: Date.now(), serverNow: () => Date.now() }) }))
vi.mock('@/console/desk', () => ({ useDesk: () => ({ planChoice: {} }) }))
vi.mock('@/wire/commands', () => ({
  summon: async (_id: string, _plan: string | undefined, key: string) => {
    asked.push(`summon ${key}`)
    const reply = replies.summon.shift()
    if (reply instanceof Refusal) throw reply
    await reply
    return { incident: issued(), pressed: 'issued', resummoned: 0 }
  },
  recall: (_id: string, key: string) => {
    asked.push(`recall ${key}`)
    const reply = replies.recall.shift()
    return reply ? Promise.reject(reply) : Promise.resolve({ ...issued(), summons: { state: 'recalled' } })
  },
}))
const { usePress } = await import('@/console/departments/press')
const { useTakeBack } = await import('@/console/departments/takeBack')
const recalls = () => asked.filter((it) => it.startsWith('recall'))

describe('taking a summons back', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('window', globalThis)
    setActivePinia(createPinia())
    link.connected = true
    picture.incidents = {}
    replies.summon = []
    replies.recall = []
    asked.length = 0
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  /** Pressed, and Esc while the press is on its way. */
  async function pressAndEscape(): Promise<void> {
    let arrive: () => void = () => undefined
    replies.summon.unshift(new Promise((resolve) => (arrive = resolve)))
    const press = usePress()
    const way = press.press(received, null)
    await press.undo(received)
    arrive()
    await way
  }

  it('is done once the press has arrived, under one key however often it is asked', async () => {
    replies.recall = [offline, offline]
    await pressAndEscape()
    await vi.advanceTimersByTimeAsync(3_000)
    expect([recalls().length, new Set(recalls()).size]).toEqual([3, 1])
    expect([useTakeBack().said?.outcome, useTakeBack().lost]).toEqual(['recalled', []])
  })

  it('says so when the hub would not any more', async () => {
    replies.recall = [offline, over]
    await pressAndEscape()
    expect(useTakeBack().running.i1).toBeDefined()
    await vi.advanceTimersByTimeAsync(20_000)
    expect([useTakeBack().said?.outcome, useTakeBack().lost, useTakeBack().running]).toEqual(['lost', ['i1'], {}])
    useTakeBack().read('i1')
    expect(useTakeBack().lost).toEqual([])
  })

  it('does not wait for the answer to the press when the summons is seen already', async () => {
    const press = usePress()
    replies.summon = [new Promise(() => undefined)]
    void press.press(received, null)
    await press.undo(issued())
    expect(useTakeBack().said?.outcome).toBe('recalled')
  })

  it('asks for a press whose answer was lost, and then takes it back', async () => {
    const press = usePress()
    let fail: (why: Refusal) => void = () => undefined
    replies.summon = [new Promise((_resolve, reject) => (fail = reject))]
    const way = press.press(received, null)
    await press.undo(received)
    fail(offline)
    await way
    await vi.advanceTimersByTimeAsync(3_000)
    expect(new Set(asked.filter((it) => it.startsWith('summon'))).size).toBe(1)
    expect([recalls().length, useTakeBack().said?.outcome]).toEqual([1, 'recalled'])
  })

  it('takes it off the queue where it cannot have left', async () => {
    link.connected = false
    replies.summon = [offline]
    const press = usePress()
    await press.press(received, null)
    await press.undo(received)
    expect([recalls(), useTakeBack().said?.outcome, press.presses]).toEqual([[], 'unqueued', {}])
  })
})
