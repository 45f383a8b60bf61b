/** What the seat hears: thresholds once, breaches until acknowledged, a lost beat; the highest first, F8 mutes for 60 s. */

import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef, watch } from 'vue'

import { isTimed } from '@/console/queue/queueOrder'
import { useTalk } from '@/console/talk'
import { useSubscriber } from '@/media/subscriber'
import { formatRemaining, readSla, type SlaState } from '@/sla/sla'
import { useClock } from '@/state/clock'
import { useDirectory } from '@/state/directory'
import { useLink } from '@/state/link'
import { useStreams } from '@/state/streamStore'
import { TonePlayer, TUNES } from '@/tones/tones'

const MUTE_MS = 60_000
const REPEAT_MS = 60_000

export const useAlarm = defineStore('alarm', () => {
  const clock = useClock()
  const link = useLink()
  const streams = useStreams()
  const directory = useDirectory()
  const media = useSubscriber()
  const talk = useTalk()
  const player = new TonePlayer()
  const blocked = ref(false)
  const mutedUntil = ref(0)
  const spoken = shallowRef<{ key: string; params: Record<string, string> } | null>(null)
  /** Last state of each running clock, by incident. */
  const states = new Map<string, SlaState>()
  const unheard = reactive(new Map<string, number>())
  let beatToldAt = 0

  const muted = () => clock.nowMs < mutedUntil.value

  function sound(tune: keyof typeof TUNES): void {
    if (muted()) return
    player.duck(talk.held || media.speaking.size > 0)
    player.play(TUNES[tune])
    blocked.value = player.blocked
  }

  function look(): void {
    let highest: 'warn' | 'urgent' | 'breach' | null = null
    const raise = (state: 'warn' | 'urgent' | 'breach') => {
      if (state === 'breach' || highest === null || (state === 'urgent' && highest === 'warn')) highest = state
    }
    const running = new Set<string>()
    for (const incident of streams.incidents) {
      if (!isTimed(incident) || incident.clock.stopped_at !== null) continue
      running.add(incident.id)
      const { state, remainingMs } = readSla(incident.clock, clock.nowMs)
      const before = states.get(incident.id)
      states.set(incident.id, state)
      if (state === 'breach' && before !== 'breach') unheard.set(incident.id, 0)
      if (before !== undefined && before !== state && (state === 'warn' || state === 'urgent' || state === 'breach')) {
        if (state !== 'breach') raise(state)
        spoken.value = { key: `slaSpoken.${state}`, params: { name: directory.titleOf(incident), time: formatRemaining(remainingMs) } }
      }
    }
    for (const id of unheard.keys()) if (!running.has(id)) unheard.delete(id)
    for (const id of states.keys()) if (!running.has(id)) states.delete(id)
    for (const [id, toldAt] of unheard) {
      if (clock.nowMs - toldAt < REPEAT_MS) continue
      unheard.set(id, clock.nowMs)
      raise('breach')
    }
    if (highest) sound(highest)
    if (link.beatLost && clock.nowMs - beatToldAt > REPEAT_MS / 4) {
      beatToldAt = clock.nowMs
      sound('beat')
    }
  }
  watch(() => Math.floor(clock.nowMs / 1000), look)

  async function unlock(): Promise<void> {
    await player.unlock()
    media.unlockSound()
    blocked.value = player.blocked
  }
  return {
    blocked, spoken,
    unacknowledged: computed(() => unheard.size),
    mutedForS: computed(() => Math.max(0, Math.ceil((mutedUntil.value - clock.nowMs) / 1000))),
    unlock,
    /** F8: quiet for 60 s, shown all the while; again: sound back at once. */
    toggleMute: () => {
      mutedUntil.value = muted() ? 0 : clock.nowMs + MUTE_MS
    },
    /** 知悉: the breaches known now sound no more; they still show. */
    acknowledge: () => {
      for (const id of unheard.keys()) states.set(id, 'breach')
      unheard.clear()
    },
  }
})
