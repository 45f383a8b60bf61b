/** How many incidents are open, overdue and waiting for the follow-up: those that the page holds, and the rest. */

import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

import { beyond, countHeld, NONE, sum, type Tally } from '@/console/top/counting'
import { useClock } from '@/state/clock'
import { useLink } from '@/state/link'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'

const REFRESH_MS = 20_000

export const useTally = defineStore('tally', () => {
  const clock = useClock()
  const link = useLink()
  const streams = useStreams()
  const outside = ref<Tally>(NONE)
  const held = computed(() => countHeld(streams.incidents, clock.nowMs))
  let asking = false

  /** What this page holds is counted here, to the second; the hub is asked only when there may be more. */
  async function look(): Promise<void> {
    if (!streams.partial) {
      outside.value = NONE
      return
    }
    if (asking || !link.connected) return
    asking = true
    try {
      const { counts } = await commands.counts()
      outside.value = beyond(counts, streams.incidents, clock.serverNow())
    } catch {
      // The last known stands until the next look.
    } finally {
      asking = false
    }
  }
  streams.onSynced(() => void look())
  watch(() => streams.partial, () => void look())
  window.setInterval(() => void look(), REFRESH_MS)

  return { all: computed(() => sum(held.value, outside.value)), outside: computed(() => outside.value) }
})
