import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { language } from '@/i18n/language'
import { Refusal } from '@/wire/refusal'
import type { Directory } from '@/wire/views'

const CONTENT: Directory = {
  agencies: [{ id: 'a1', parent_id: null, kind: 'department', name: '城建局', name_en: 'Housing' }],
  incident_types: [{ code: 'noise', name: '噪声', name_en: 'Noise', default_level: 'simple' }],
  people: [{ id: 'p1', name: '甲', role: 'responder', agency_id: 'a1' }],
}
const answers: (Directory | Refusal)[] = []
let asked = 0
vi.mock('@/wire/commands', () => ({
  directory: () => {
    asked += 1
    const answer = answers.shift() ?? CONTENT
    return answer instanceof Refusal ? Promise.reject(answer) : Promise.resolve(answer)
  },
}))
const { useDirectory } = await import('@/state/directory')

const broken = new Refusal('broken', 'store_failed', '')

describe('the directory', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
    answers.length = 0
    asked = 0
    language.value = 'zh'
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is asked for again until it comes', async () => {
    answers.push(broken, broken, new Refusal('refused', 'throttled', ''))
    const directory = useDirectory()
    await directory.load()
    expect(directory.refusal?.code).toBe('store_failed')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toBe(4)
    expect([directory.loaded, directory.refusal]).toEqual([true, null])
  })

  it('is left alone when nobody is signed in any more', async () => {
    answers.push(new Refusal('signed_out', 'not_signed_in', ''))
    await useDirectory().load()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked).toBe(1)
  })

  it('has a neutral word, never an id, for what it does not know', () => {
    const directory = useDirectory()
    expect([directory.agencyName('a1'), directory.personName('p1'), directory.typeName('noise')]).toEqual(['单位', '人员', '警情'])
    expect([directory.agencyName(''), directory.agencyName(null)]).toEqual(['', ''])
    language.value = 'en'
    expect([directory.agencyName('a1'), directory.personName('p1'), directory.typeName('noise')]).toEqual(['Unit', 'Someone', 'Incident'])
  })

  it('has the names in the language of the page once it is there', async () => {
    const directory = useDirectory()
    await directory.load()
    expect([directory.agencyName('a1'), directory.personName('p1'), directory.titleOf({ title: '噪声', type: 'noise' })]).toEqual(['城建局', '甲', '噪声'])
    language.value = 'en'
    expect([directory.agencyName('a1'), directory.titleOf({ title: '噪声', type: 'noise' })]).toEqual(['Housing', 'Noise'])
    expect([directory.titleOf({ title: '噪声', type: 'other' }), directory.titleOf({ title: '噪声扰民', type: 'noise' })]).toEqual(['Noise', '噪声扰民'])
  })
})
