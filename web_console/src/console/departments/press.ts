/**
 * Pressing the one key, taking it back, and its place in the queue while the link is down.
 *
 * A press has one idempotency key for its whole life, so that sending it again after a lost answer summons nobody twice.
 */

import { defineStore } from 'pinia'
import { computed, reactive, shallowRef } from 'vue'

import { summoned, type Press } from '@/console/departments/keySays'
import { useTakeBack } from '@/console/departments/takeBack'
import { useDesk } from '@/console/desk'
import { isUnmoved, stillOpen } from '@/console/queue/queueOrder'
import { useClock } from '@/state/clock'
import { useLink } from '@/state/link'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'
import { newKey } from '@/wire/http'
import { asRefusal, type Refusal } from '@/wire/refusal'
import type { IncidentView, PlanPreview, Summoned } from '@/wire/views'

export const usePress = defineStore('press', () => {
  const desk = useDesk()
  const streams = useStreams()
  const link = useLink()
  const clock = useClock()
  const back = useTakeBack()
  const presses = reactive<Record<string, Press>>({})
  /** Why a press that had waited was refused in the end; a new object each time. */
  const refusedLater = shallowRef<Refusal | null>(null)
  let ticking = 0

  async function send(incidentId: string): Promise<Summoned | null> {
    const press = presses[incidentId]
    if (!press) return null
    press.phase = 'sending'
    try {
      const answer = await commands.summon(incidentId, press.planId, press.key)
      streams.put(answer.incident)
      if (presses[incidentId] !== press) return answer
      press.phase = 'sent'
      runCountdown()
      if (press.undo) await takeBack(incidentId)
      return answer
    } catch (reason) {
      const refusal = asRefusal(reason)
      if (presses[incidentId] !== press) return null
      if (refusal.kind === 'offline') {
        press.phase = 'queued'
        // Sent over a link that was there, it may have arrived; whoever wants it back must know.
        press.unsure ||= refusal.code === 'timeout' || (press.undo && link.connected)
        if (press.undo && !press.unsure) unqueue(incidentId)
        else if (link.connected) window.setTimeout(() => void retry(incidentId), press.undo ? 400 : 2_000)
        return null
      }
      if (press.undo) unqueue(incidentId)
      else Reflect.deleteProperty(presses, incidentId)
      throw refusal
    }
  }
  async function retry(incidentId: string): Promise<void> {
    if (presses[incidentId]?.phase !== 'queued') return
    await send(incidentId).catch((reason: unknown) => {
      refusedLater.value = asRefusal(reason)
    })
  }
  link.socket.on('connect', () => {
    for (const incidentId of Object.keys(presses)) void retry(incidentId)
  })

  async function takeBack(incidentId: string): Promise<void> {
    Reflect.deleteProperty(presses, incidentId)
    await back.begin(incidentId)
  }
  function unqueue(incidentId: string): void {
    Reflect.deleteProperty(presses, incidentId)
    back.tell(incidentId, 'unqueued')
  }
  /** The seconds of the undo are drawn finer than the page's tick. */
  function runCountdown(): void {
    clearInterval(ticking)
    let left = 24
    ticking = window.setInterval(() => {
      clock.nowMs = clock.serverNow()
      if ((left -= 1) <= 0) clearInterval(ticking)
    }, 250)
  }

  return {
    presses, refusedLater,
    queuedCount: computed(() => Object.values(presses).filter((press) => press.phase === 'queued').length),
    /** Presses the key for the incident. Raises: Refusal, except while offline: then it waits in the queue. */
    press: (incident: IncidentView, plan: PlanPreview | null): Promise<Summoned | null> => {
      const running = presses[incident.id]
      if (running && running.phase !== 'sent') return Promise.resolve(null)
      const again = summoned(incident)
      presses[incident.id] = {
        phase: 'sending', key: newKey(), again, undo: false, unsure: false,
        planId: again ? undefined : (desk.planChoice[incident.id] ?? plan?.plan_id ?? undefined),
        departments: again ? stillOpen(incident.assignments).filter(isUnmoved).length : (plan?.departments.length ?? 0),
      }
      return send(incident.id)
    },
    /** Esc: takes the press back, as far as there is one. What became of it, `useTakeBack` says. */
    undo: async (incident: IncidentView): Promise<void> => {
      const press = presses[incident.id]
      if (press?.phase === 'queued' && !press.unsure) return unqueue(incident.id)
      const issued = summoned(incident)
      if (press?.phase === 'sending' || press?.phase === 'queued') {
        if (press.again) return
        press.undo = true
        // Issued already, only the answer is not here yet.
        if (issued) await takeBack(incident.id)
      } else if (issued && incident.summons && Date.parse(incident.summons.undo_until) > clock.serverNow()) await takeBack(incident.id)
    },
  }
})
