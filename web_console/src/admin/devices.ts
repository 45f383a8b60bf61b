/** Body-cams, drones, cameras and encoders: registering one, and revoking one that is lost. */

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

import * as commands from '@/wire/commands'
import type { DeviceCreated, FeedView, NewDevice } from '@/wire/views'

export interface Device { feed: FeedView; revoked: boolean }

export const useDevices = defineStore('devices', () => {
  /** Those registered here since the page was opened, the newest first: the hub does not list the others. */
  const all = shallowRef<Device[]>([])

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
  return { all, add, revoke }
})
