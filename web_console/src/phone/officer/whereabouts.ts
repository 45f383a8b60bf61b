/** Where the officer is: watched while the page is open, told to the hub at least every 2 s while a feed is on. */

import { onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'

import { useClock } from '@/state/clock'
import { useLink } from '@/state/link'
import * as commands from '@/wire/commands'
import { ask } from '@/wire/socket'
import type { Position } from '@/wire/views'

const EVERY_MS = 1_800
const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 20_000 }

export function useWhereabouts(feedId: () => string | null) {
  const link = useLink()
  const clock = useClock()
  const position = shallowRef<Position | null>(null)
  const refused = ref(false)
  let watching = 0
  let timer = 0
  let busy = false

  /** The device's clock may be off; how long ago the fix was is not. */
  const atServerTime = (timestamp: number) => new Date(clock.serverNow() - Math.max(0, Date.now() - timestamp)).toISOString()

  function seen({ coords, timestamp }: GeolocationPosition): void {
    refused.value = false
    position.value = {
      lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy * 10) / 10, at: atServerTime(timestamp),
    }
  }
  /** A phone at rest makes the watch fall silent; asking again tells whether it is still there. */
  function look(): void {
    if (!feedId() || refused.value || !position.value || clock.serverNow() - Date.parse(position.value.at) < EVERY_MS) return
    navigator.geolocation.getCurrentPosition(seen, () => undefined, OPTIONS)
  }
  /** A position goes by socket, or by HTTP while the socket is away; one that cannot be sent is superseded by the next. */
  async function tell(): Promise<void> {
    const id = feedId()
    if (busy || !id || !position.value) return
    busy = true
    try {
      if (link.connected) await ask(link.socket, 'position', { feed_id: id, ...position.value })
      else await commands.sendPosition(id, position.value)
    } catch {
      // The next one follows in two seconds.
    } finally {
      busy = false
    }
  }
  onMounted(() => {
    const geo = navigator.geolocation as Geolocation | undefined
    if (geo) {
      watching = geo.watchPosition(seen, (error) => {
        refused.value = error.code === error.PERMISSION_DENIED
      }, OPTIONS)
    } else refused.value = true
    timer = window.setInterval(() => {
      look()
      void tell()
    }, EVERY_MS)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    ;(navigator.geolocation as Geolocation | undefined)?.clearWatch(watching)
  })
  return { position, refused }
}
