/** The plan that the key would carry out for the chosen incident, with who is on duty now. */

import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'

import { useDesk } from '@/console/desk'
import { useLink } from '@/state/link'
import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'
import type { PlanPreview, PlanSummary } from '@/wire/views'

/** Who is on duty and online changes without a broadcast. */
const REFRESH_MS = 20_000

export const usePlan = defineStore('plan', () => {
  const desk = useDesk()
  const link = useLink()
  const preview = shallowRef<PlanPreview | null>(null)
  const previewOf = ref<string | null>(null)
  const refusal = shallowRef<Refusal | null>(null)
  const all = shallowRef<PlanSummary[]>([])

  const waiting = () => {
    const incident = desk.incident
    return incident && incident.state === 'received' && incident.summons?.state !== 'issued' ? incident : null
  }

  async function load(): Promise<void> {
    const incident = waiting()
    if (!incident) return
    if (previewOf.value !== incident.id) preview.value = null
    try {
      const plan = await commands.planFor(incident.id, desk.planChoice[incident.id])
      if (desk.selectedId !== incident.id) return
      preview.value = plan
      previewOf.value = incident.id
      refusal.value = null
    } catch (reason) {
      if (desk.selectedId === incident.id) refusal.value = asRefusal(reason)
    }
  }
  watch(
    () => {
      const incident = waiting()
      return incident ? [incident.id, incident.type, incident.level, desk.planChoice[incident.id], link.connected].join() : null
    },
    () => void load(),
    { immediate: true },
  )
  window.setInterval(() => void load(), REFRESH_MS)

  return {
    preview, refusal, all, load,
    loadAll: async (incidentId: string) => {
      all.value = (await commands.plans(incidentId)).plans
    },
  }
})
