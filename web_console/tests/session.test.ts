import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { Refusal } from '@/wire/refusal'
import type { Me } from '@/wire/views'

const as = (id: string, csrf: string, role = 'operator') => ({ person: { id, name: `name of ${id}`, role, agency_id: 'a1' }, csrf, now: '2026-01-01T00:00:00Z', site_name: '' }) as unknown as Me
let reply: Me | Refusal = as('p1', 'c1')
const link = { renew: vi.fn(), reopen: vi.fn() }
const cleared = vi.fn()
const reloaded = vi.fn()
vi.mock('@/state/link', () => ({ useLink: () => link }))
vi.mock('@/state/clock', () => ({ useClock: () => ({ heard: () => undefined }) }))
vi.mock('@/i18n/language', async () => ({ currentLanguage: () => 'zh', language: (await import('vue')).ref('zh') }))
vi.mock('@/wire/commands', () => ({ me: () => (reply instanceof Refusal ? Promise.reject(reply) : Promise.resolve(reply)) }))
vi.stubGlobal('location', { hash: '', reload: reloaded })
vi.stubGlobal('sessionStorage', { clear: cleared })
const { useSession } = await import('@/state/session')

describe('a page whose browser signs in anew elsewhere', () => {
  beforeEach(async () => {
    setActivePinia(createPinia())
    for (const spy of [link.renew, link.reopen, cleared, reloaded]) spy.mockReset()
    reply = as('p1', 'c1')
    await useSession().begin()
  })

  it('says who it is now, and holds nothing of the one before', async () => {
    reply = as('p2', 'c2')
    await useSession().look()
    expect([useSession().phase, useSession().displacedBy, useSession().person]).toEqual(['displaced', 'name of p2', null])
    expect([cleared.mock.calls.length, link.reopen.mock.calls.length]).toEqual([1, 0])
  })

  it('goes on for the same person, under the new session', async () => {
    reply = as('p1', 'c2')
    await useSession().look()
    expect([useSession().phase, useSession().me?.csrf, link.renew.mock.calls.length, link.reopen.mock.calls.length]).toEqual(['in', 'c2', 1, 1])
  })

  it('begins anew for the same person in another role', async () => {
    reply = as('p1', 'c1', 'commander')
    await useSession().look()
    expect(reloaded).toHaveBeenCalledOnce()
  })

  it('waits for the other tab to have its new session before it believes that there is none', async () => {
    vi.useFakeTimers()
    reply = new Refusal('signed_out', 'not_signed_in', '')
    await useSession().look('replaced')
    expect(useSession().phase).toBe('in')
    reply = as('p2', 'c2')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(useSession().phase).toBe('displaced')
    vi.useRealTimers()
  })

  it('asks for a sign-in where nobody is signed in any more', async () => {
    reply = new Refusal('signed_out', 'not_signed_in', '')
    await useSession().look()
    expect(useSession().phase).toBe('out')
  })

  it('stays as it is while the hub is out of reach', async () => {
    reply = new Refusal('offline', 'offline', '')
    await useSession().look()
    expect(useSession().phase).toBe('in')
    setActivePinia(createPinia())
  })
})
