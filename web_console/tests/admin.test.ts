import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { agenciesWithin, peopleWithin } from '@/admin/agencyTree'
import { Refusal } from '@/wire/refusal'
import type { Directory, FeedView, NewDevice } from '@/wire/views'

const agency = (id: string, parent_id: string | null) => ({ id, parent_id, kind: 'department' as const, name: id, name_en: '' })
const person = (id: string, agency_id: string) => ({ id, name: id, role: 'officer' as const, agency_id })
const DIRECTORY: Directory = {
  agencies: [agency('grid', 'street'), agency('street', 'district'), agency('district', null), agency('other', null)],
  incident_types: [], people: [person('a', 'district'), person('b', 'grid'), person('c', 'other')],
}

describe('a part of the tree', () => {
  it('is the agency and everything below it, in whatever order they are listed', () => {
    expect([...(agenciesWithin(DIRECTORY, 'district') ?? [])].sort()).toEqual(['district', 'grid', 'street'])
    expect(peopleWithin(DIRECTORY, 'street').map(({ id }) => id)).toEqual(['b'])
    expect(peopleWithin(DIRECTORY, null)).toHaveLength(3)
  })
})

let refusal: Refusal | null = null
const feed = (name: string, state: FeedView['state'] = 'idle') => ({ id: `f-${name}`, name, state }) as FeedView
vi.mock('@/wire/commands', () => ({
  devices: () => (refusal ? Promise.reject(refusal) : Promise.resolve([{ feed: feed('old'), default_type: 'noise', revoked_at: '2026-01-01T00:00:00.000Z' }])),
  addDevice: ({ name }: NewDevice) => Promise.resolve({ feed: feed(name), token: 'secret', whip_url: `/whip/f-${name}` }),
  revokeDevice: (id: string) => (refusal ? Promise.reject(refusal) : Promise.resolve(feed(id.slice(2), 'interrupted'))),
}))
const { useDevices } = await import('@/admin/devices')
const add = (name: string) => useDevices().add({ name, kind: 'bodycam', agency_id: 'grid', default_type: 'noise' })

describe('the devices', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    refusal = null
  })

  it('keep no token: it is in the answer and nowhere else', async () => {
    expect((await add('one')).token).toBe('secret')
    expect(JSON.stringify(useDevices().all)).not.toContain('secret')
  })

  it('are listed newest first, and a revoked one stays as such', async () => {
    await add('one')
    await add('two')
    await useDevices().revoke('f-one')
    expect(useDevices().all.map((device) => [device.feed.name, device.revoked])).toEqual([['two', false], ['one', true]])
  })

  it('are those the hub lists, revoked or not; a refusal is kept and the list as it was', async () => {
    await useDevices().load()
    expect(useDevices().all.map((device) => [device.feed.name, device.revoked])).toEqual([['old', true]])
    refusal = new Refusal('broken', 'store_failed', '')
    await useDevices().load()
    expect(useDevices().refusal).toBe(refusal)
    expect(useDevices().all).toHaveLength(1)
  })

  it('are not called revoked when the hub refused', async () => {
    await add('one')
    refusal = new Refusal('broken', 'store_failed', '')
    await expect(useDevices().revoke('f-one')).rejects.toBe(refusal)
    expect(useDevices().all[0]?.revoked).toBe(false)
  })
})
