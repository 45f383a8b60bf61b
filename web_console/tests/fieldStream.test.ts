import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, ref } from 'vue'

import { Refusal } from '@/wire/refusal'

const started: string[] = []
class Publisher {
  phase = ref('idle')
  attempt = ref(0)
  nextTryAt = ref(null)
  refusal = ref(null)
  start(url: string): void {
    started.push(url)
    this.phase.value = 'starting'
  }
  stop(): Promise<void> {
    this.phase.value = 'idle'
    return Promise.resolve()
  }
}
const asked: string[] = []
const refusals: Refusal[] = []
vi.mock('@/media/publisher', () => ({ Publisher }))
vi.mock('@/media/subscriber', () => ({ useSubscriber: () => ({ keepGoing: () => () => undefined }) }))
vi.mock('@/state/streamStore', () => ({ useStreams: () => ({ put: () => undefined }) }))
vi.mock('@/wire/commands', () => ({
  reportIncident: () => Promise.resolve({ id: 'i1' }),
  openFeed: ({ incident_id }: { incident_id: string }) => {
    asked.push(`open ${incident_id}`)
    return Promise.resolve({ feed: { id: 'f1' }, whip_url: '/whip/f1' })
  },
  endFeed: (id: string) => {
    asked.push(`end ${id}`)
    const refused = refusals.shift()
    return refused ? Promise.reject(refused) : Promise.resolve()
  },
}))
const storage = new Map<string, string>()
vi.stubGlobal('sessionStorage', {
  getItem: (key: string) => storage.get(key) ?? null, setItem: (key: string, value: string) => storage.set(key, value), removeItem: (key: string) => storage.delete(key),
})
const { useEnding } = await import('@/phone/officer/ending')
const { useFieldStream } = await import('@/phone/officer/fieldStream')

const report = { type: 'noise', place: { text: '', lat: null, lon: null, accuracy_m: null } }
const none = () => Promise.resolve(null)
const some = () => Promise.resolve({} as MediaStream)
const make = () => effectScope(true).run(useFieldStream) as ReturnType<typeof useFieldStream>

describe('going live', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    storage.clear()
    started.length = 0
    asked.length = 0
    refusals.length = 0
  })

  it('without a camera opens the feed all the same, for the position', async () => {
    const field = make()
    await field.start(report, null, none)
    expect(asked).toEqual(['open i1'])
    expect([field.phase.value, field.kept.value?.feedId, started]).toEqual(['on', 'f1', []])
  })

  it('goes on in an older report without a camera', async () => {
    const field = make()
    await field.start(null, 'i0', none)
    expect([asked, field.phase.value]).toEqual([['open i0'], 'on'])
  })

  it('sends the picture into the same feed once there is a camera, and once only', async () => {
    const field = make()
    await field.start(report, null, none)
    await field.send(some)
    await field.send(some)
    expect([asked, started]).toEqual([['open i1'], ['/whip/f1']])
  })

  it('is still on after a reload, with or without a camera', async () => {
    await make().start(report, null, none)
    const again = make()
    await again.resume(none)
    expect([again.phase.value, started]).toEqual(['on', []])
    const third = make()
    await third.resume(some)
    expect(started).toEqual(['/whip/f1'])
  })

  it('sends nothing when it was ended while the camera was being opened', async () => {
    const field = make()
    let open: (stream: MediaStream) => void = () => undefined
    const way = field.start(report, null, () => new Promise((resolve) => {
      open = resolve
    }))
    await vi.waitUntil(() => field.phase.value === 'on')
    await field.end()
    open({} as MediaStream)
    await way
    expect([field.phase.value, started, asked]).toEqual(['idle', [], ['open i1', 'end f1']])
  })
})

describe('ending without a link', () => {
  const offline = new Refusal('offline', 'offline', '')
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
    storage.clear()
    asked.length = 0
    refusals.length = 0
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const ends = () => asked.filter((it) => it === 'end f1').length

  it('is over on the phone at once, and is told to the hub until it has taken it', async () => {
    const field = make()
    await field.start(report, null, some)
    refusals.push(offline, offline, new Refusal('broken', 'store_failed', ''))
    await field.end()
    expect([field.phase.value, field.kept.value, useEnding().shown]).toEqual(['idle', null, true])
    await vi.advanceTimersByTimeAsync(60_000)
    expect([ends(), useEnding().waiting, useEnding().shown]).toEqual([4, [], false])
  })

  it('is still to be told after a reload', async () => {
    const field = make()
    await field.start(report, null, some)
    refusals.push(...Array<Refusal>(20).fill(offline))
    await field.end()
    setActivePinia(createPinia())
    refusals.length = 0
    asked.length = 0
    expect(useEnding().waiting).toEqual(['f1'])
    await useEnding().now()
    expect([ends(), useEnding().waiting, storage.size]).toEqual([1, [], 0])
  })

  it('needs no telling where the feed is gone', async () => {
    const field = make()
    await field.start(report, null, some)
    refusals.push(new Refusal('refused', 'not_found', ''))
    await field.end()
    expect(useEnding().waiting).toEqual([])
  })

  it('does not end the stream that goes on in the same feed meanwhile', async () => {
    const field = make()
    await field.start(report, null, some)
    refusals.push(offline)
    await field.end()
    await field.start(null, 'i1', some)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([ends(), field.phase.value, useEnding().waiting]).toEqual([1, 'on', []])
  })
})
