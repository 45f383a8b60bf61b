/** Body-cams, drones, cameras and encoders: listing them, registering one, and revoking one that is lost. */

import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'
import type { DeviceCreated, FeedView, NewDevice } from '@/wire/views'

export interface Device { feed: FeedView; revoked: boolean }

export const useDevices = defineStore('devices', () => {
  /** Those in one's own part of the tree by name; in front of them those registered since. */
  const all = shallowRef<Device[]>([])
  const loaded = ref(false)
  const refusal = ref<Refusal | null>(null)

  async function load(): Promise<void> {
    refusal.value = null
    try {
      all.value = (await commands.devices()).map(({ feed, revoked_at }) => ({ feed, revoked: revoked_at !== null }))
      loaded.value = true
    } catch (reason) {
      refusal.value = asRefusal(reason)
    }
  }
  /** The answer holds the token, which is shown once and kept nowhere. Raises: Refusal. */
  async function add(device: NewDevice): Promise<DeviceCreated> {
    const created = await commands.addDevice(device)
    all.value = [{ feed: created.feed, revoked: false }, ...all.value]
    return created
  }
  /** Raises: Refusal. */
  async function revoke(feedId: string): Promise<void> {
    const feed = await commands.revokeDevice(feedId)
    all.value = all.value.map((device) => (device.feed.id === feedId ? { feed, revoked: true } : device))
  }
  return { all, loaded, refusal, load, add, revoke }
})
