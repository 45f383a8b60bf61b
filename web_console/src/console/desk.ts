/** What the seat looks at: the chosen incident, the main picture, the focused row, the open dialog. */

import { defineStore } from 'pinia'
import { computed, reactive, ref } from 'vue'

import { Numbers, sourcesOf, type Source } from '@/media/sources'
import { useSubscriber } from '@/media/subscriber'
import { useSession } from '@/state/session'
import { useStreams } from '@/state/streamStore'

export type CentreView = 'video' | 'map' | 'split'
export type DialogName = 'newIncident' | 'closing' | 'reassign' | 'addDepartment' | 'keys' | 'plan' | 'players'

const REMEMBERED = 'liandong.incident'

export const useDesk = defineStore('desk', () => {
  const streams = useStreams()
  const session = useSession()
  const media = useSubscriber()
  const selectedId = ref<string | null>(sessionStorage.getItem(REMEMBERED))
  const view = ref<CentreView>('video')
  const dialog = ref<DialogName | null>(null)
  const focusedAssignment = ref<string | null>(null)
  /** Chosen instead of the proposed one, by incident. */
  const planChoice = reactive<Record<string, string>>({})
  /** The main picture chosen by hand, by incident. */
  const stageChoice = reactive<Record<string, string>>({})
  const numbersOf = new Map<string, Numbers>()

  const incident = computed(() => (selectedId.value ? (streams.picture.incidents[selectedId.value] ?? null) : null))
  const room = computed(() => streams.roomOf(incident.value))
  const sources = computed<Source[]>(() => {
    if (!incident.value) return []
    const numbers = numbersOf.get(incident.value.id) ?? new Numbers()
    numbersOf.set(incident.value.id, numbers)
    return numbers.number(sourcesOf(incident.value, room.value, session.person?.id ?? null, media.live))
  })
  const stageSource = computed<Source | null>(() => {
    const chosen = sources.value.find((source) => source.id === stageChoice[selectedId.value ?? ''])
    return chosen ?? sources.value.find((source) => source.kind !== 'participant') ?? sources.value[0] ?? null
  })
  const stripSources = computed(() => sources.value.filter((source) => source.id !== stageSource.value?.id))

  function select(id: string | null): void {
    selectedId.value = id
    focusedAssignment.value = null
    if (id) sessionStorage.setItem(REMEMBERED, id)
    else sessionStorage.removeItem(REMEMBERED)
    const stream = incident.value?.stream
    if (stream) streams.markRead(stream)
  }
  function putOnStage(sourceId: string): void {
    if (selectedId.value) stageChoice[selectedId.value] = sourceId
  }
  function turnView(): void {
    view.value = view.value === 'video' ? 'map' : view.value === 'map' ? 'split' : 'video'
  }
  return {
    selectedId, view, dialog, focusedAssignment, planChoice, incident, room, sources, stageSource, stripSources, select, putOnStage, turnView,
  }
})
