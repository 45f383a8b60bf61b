/**
 * Pressing the one key, taking it back, and its place in the queue while the link is down.
 *
 * A press has one idempotency key for its whole life, so that sending it again after a lost answer summons nobody twice.
 */

import { defineStore } from 'pinia'
import { computed, reactive } from 'vue'

import { summoned, type Press } from '@/console/departments/keySays'
import { useDesk } from '@/console/desk'
import { isUnmoved, stillOpen } from '@/console/queue/queueOrder'
import { useClock } from '@/state/clock'
import { useLink } from '@/state/link'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'
import { newKey } from '@/wire/http'
import { asRefusal } from '@/wire/refusal'
import type { IncidentView, PlanPreview, Summoned } from '@/wire/views'

export const usePress = defineStore('press', () => {
  const desk = useDesk()
  const streams = useStreams()
  const link = useLink()
  const clock = useClock()
  const presses = reactive<Record<string, Press>>({})
  let ticking = 0

  async function send(incidentId: string): Promise<Summoned | null> {
    const press = presses[incidentId]
    if (!press) return null
    press.phase = 'sending'
    try {
      const answer = await commands.summon(incidentId, press.planId, press.key)
      streams.put(answer.incident)
      press.phase = 'sent'
      runCountdown()
      if (press.undo) await takeBack(incidentId)
      return answer
    } catch (reason) {
      const refusal = asRefusal(reason)
      if (refusal.kind === 'offline') {
        press.phase = 'queued'
        press.unsure ||= refusal.code === 'timeout'
        if (press.undo && !press.unsure) Reflect.deleteProperty(presses, incidentId)
        else if (link.connected) window.setTimeout(() => void retry(incidentId), 2_000)
        return null
      }
      Reflect.deleteProperty(presses, incidentId)
      throw refusal
    }
  }
  async function retry(incidentId: string): Promise<void> {
    if (presses[incidentId]?.phase === 'queued') await send(incidentId).catch(() => undefined)
  }
  link.socket.on('connect', () => {
    for (const incidentId of Object.keys(presses)) void retry(incidentId)
  })

  async function takeBack(incidentId: string): Promise<void> {
    Reflect.deleteProperty(presses, incidentId)
    streams.put(await commands.recall(incidentId, newKey()))
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
    presses,
    queuedCount: computed(() => Object.values(presses).filter((press) => press.phase === 'queued').length),
    /** Presses the key for the incident. Raises: Refusal, except while offline: then it waits in the queue. */
    press: (incident: IncidentView, plan: PlanPreview | null): Promise<Summoned | null> => {
      const running = presses[incident.id]
      if (running && running.phase !== 'sent') return Promise.resolve(null)
      const again = summoned(incident)
      presses[incident.id] = {
        phase: 'sending', key: newKey(), undo: false, unsure: false,
        planId: again ? undefined : (desk.planChoice[incident.id] ?? plan?.plan_id ?? undefined),
        departments: again ? stillOpen(incident.assignments).filter(isUnmoved).length : (plan?.departments.length ?? 0),
      }
      return send(incident.id)
    },
    /** Esc: takes the press back. Returns what was undone, or null when there was nothing. Raises: Refusal. */
    undo: async (incident: IncidentView): Promise<'recalled' | 'unqueued' | 'waiting' | null> => {
      const press = presses[incident.id]
      if (press?.phase === 'queued' && !press.unsure) {
        Reflect.deleteProperty(presses, incident.id)
        return 'unqueued'
      }
      if (press?.phase === 'sending' || press?.phase === 'queued') {
        if (summoned(incident)) return null
        press.undo = true
        return 'waiting'
      }
      if (!incident.summons || !summoned(incident) || Date.parse(incident.summons.undo_until) <= clock.serverNow()) return null
      await takeBack(incident.id)
      return 'recalled'
    },
  }
})
