/** Feeds that the officer ended and whose end the hub has not taken yet: kept over a reload, tried until it has. */

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { useTries } from '@/state/tries'
import * as commands from '@/wire/commands'
import { asRefusal, isFinal, type Refusal } from '@/wire/refusal'

const KEPT = 'liandong.ending'

const recall = (): string[] => {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? '[]')
    return Array.isArray(found) ? found.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}

export const useEnding = defineStore('ending', () => {
  const waiting = ref<string[]>(recall())
  /** Why the last try did not hold. */
  const refusal = shallowRef<Refusal | null>(null)

  function keep(ids: string[]): void {
    waiting.value = ids
    if (ids.length) sessionStorage.setItem(KEPT, JSON.stringify(ids))
    else sessionStorage.removeItem(KEPT)
  }
  function forget(feedId: string): void {
    keep(waiting.value.filter((id) => id !== feedId))
  }
  const tries = useTries(async () => {
    for (const id of [...waiting.value]) {
      try {
        // Given up meanwhile: the stream goes on.
        if (waiting.value.includes(id)) await commands.endFeed(id)
      } catch (reason) {
        refusal.value = asRefusal(reason)
        if (refusal.value.kind === 'signed_out') return true
        // What is not there, or may not be ended, needs no end.
        if (!isFinal(refusal.value)) return false
      }
      forget(id)
    }
    refusal.value = null
    return true
  }, { firstMs: 1_000, lastMs: 8_000 })

  return {
    waiting, refusal, attempt: tries.attempt, nextTryAt: tries.nextTryAt,
    /** A first try that holds at once needs no words. */
    shown: computed(() => waiting.value.length > 0 && refusal.value !== null),
    /** Kept before anything is sent; returns after the first try. */
    end: (feedId: string): Promise<void> => {
      keep([...waiting.value.filter((id) => id !== feedId), feedId])
      return tries.begin()
    },
    /** The stream goes on instead of ending. */
    forget,
    /** At once: the page was loaded again, or the link is back. */
    now: async (): Promise<void> => {
      if (!waiting.value.length) return
      await (tries.wanted.value ? tries.now() : tries.begin())
    },
  }
})
