/**
 * Taking a summons back: told to the hub until it has answered, under one key, and never given up without a word.
 *
 * The hub takes it back only within its 5 s, so asking on after them cannot do harm: it says what became of the first try.
 */

import { defineStore } from 'pinia'
import { reactive, ref, shallowRef } from 'vue'

import { useLink } from '@/state/link'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'
import { newKey } from '@/wire/http'
import { asRefusal } from '@/wire/refusal'

const SOON_MS = 400
const LATER_MS = 2_000
/** Within the hub's 5 s and a little more, tries follow each other fast. */
const SOON_FOR_MS = 6_000

interface TakingBack { key: string; since: number; asking: boolean }
export type Outcome = 'recalled' | 'unqueued' | 'lost'

export const useTakeBack = defineStore('takeBack', () => {
  const streams = useStreams()
  const link = useLink()
  /** Under way, by incident. */
  const running = reactive<Record<string, TakingBack>>({})
  /** Incidents whose summons stands although it was taken back here; until somebody has read it. */
  const lost = ref<string[]>([])
  /** What became of the last one; a new object each time. */
  const said = shallowRef<{ incidentId: string; outcome: Outcome } | null>(null)

  function tell(incidentId: string, outcome: Outcome): void {
    Reflect.deleteProperty(running, incidentId)
    said.value = { incidentId, outcome }
    lost.value = lost.value.filter((id) => id !== incidentId)
    if (outcome === 'lost') lost.value = [...lost.value, incidentId]
  }
  async function ask(incidentId: string): Promise<void> {
    const it = running[incidentId]
    if (!it || it.asking) return
    it.asking = true
    try {
      streams.put(await commands.recall(incidentId, it.key))
      tell(incidentId, 'recalled')
    } catch (reason) {
      const { kind } = asRefusal(reason)
      const early = performance.now() - it.since < SOON_FOR_MS
      if (kind === 'offline' || (kind === 'broken' && early)) window.setTimeout(() => void ask(incidentId), early ? SOON_MS : LATER_MS)
      else tell(incidentId, streams.picture.incidents[incidentId]?.summons?.state === 'recalled' ? 'recalled' : 'lost')
    } finally {
      it.asking = false
    }
  }
  link.socket.on('connect', () => {
    for (const incidentId of Object.keys(running)) void ask(incidentId)
  })

  return {
    running, lost, said, tell,
    /** Returns after the first try. */
    begin: (incidentId: string): Promise<void> => {
      running[incidentId] ??= { key: newKey(), since: performance.now(), asking: false }
      return ask(incidentId)
    },
    /** Somebody has read that it was not taken back. */
    read: (incidentId: string) => {
      lost.value = lost.value.filter((id) => id !== incidentId)
    },
  }
})
