/** Back into the room in which the page was before it was loaded again: tried until it holds or the hub says no. */

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { useMeeting } from '@/phone/responder/meeting'
import { useSession } from '@/state/session'
import { useTries } from '@/state/tries'
import { asRefusal, isFinal, type Refusal } from '@/wire/refusal'

const PACE = { firstMs: 1_000, lastMs: 10_000 }

export const useReturning = defineStore('returning', () => {
  const meeting = useMeeting()
  const session = useSession()
  /** Why the last try did not hold. */
  const refusal = shallowRef<Refusal | null>(null)
  const incidentId = ref<string | null>(null)

  const tries = useTries(async () => {
    const kept = meeting.kept()
    if (!kept || meeting.roomId) return true
    try {
      await meeting.join(kept.room, kept.incident)
      return true
    } catch (reason) {
      refusal.value = asRefusal(reason)
      if (refusal.value.kind === 'signed_out') session.leave()
      else if (!isFinal(refusal.value)) return false
      else meeting.forget()
      return true
    }
  }, PACE)

  return {
    /** A first try that holds at once needs no screen of its own. */
    shown: computed(() => tries.wanted.value && refusal.value !== null),
    refusal, incidentId, attempt: tries.attempt, nextTryAt: tries.nextTryAt, wanted: tries.wanted, now: tries.now,
    begin: async () => {
      const kept = meeting.kept()
      if (!kept || meeting.roomId || tries.wanted.value) return
      incidentId.value = kept.incident
      refusal.value = null
      await tries.begin()
    },
    giveUp: () => {
      tries.stop()
      meeting.forget()
    },
    /** Not now, but not given up: nobody is signed in. */
    pause: tries.stop,
  }
})
