/** The assignments of this person: fetched, then followed by broadcast; and the ring that goes with them. */

import { defineStore } from 'pinia'
import { computed, reactive, ref } from 'vue'

import { buzz } from '@/phone/buzz'
import { useClock } from '@/state/clock'
import { useLink } from '@/state/link'
import { useStreams } from '@/state/streamStore'
import { TonePlayer, TUNES } from '@/tones/tones'
import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'
import { ask } from '@/wire/socket'
import type { AssignmentView, IncidentView, MyAssignment, SummonsRing } from '@/wire/views'

const RING_EVERY_MS = 3_000
/** After this the next step of the escalation rings again anyway. */
const RING_FOR_MS = 90_000

export const isRinging = (assignment: AssignmentView) => assignment.state === 'pending' || assignment.state === 'notified'

export const useTasks = defineStore('tasks', () => {
  const link = useLink()
  const clock = useClock()
  const streams = useStreams()
  const ids = reactive(new Map<string, string>())
  const loaded = ref(false)
  const refusal = ref<Refusal | null>(null)
  const ringBlocked = ref(false)
  const rungSince = reactive(new Map<string, number>())
  const told = new Set<string>()
  const player = new TonePlayer()

  function know({ assignment, incident }: MyAssignment): void {
    ids.set(assignment.id, incident.id)
    streams.put(incident)
  }
  async function load(): Promise<void> {
    try {
      for (const task of (await commands.myAssignments()).assignments) know(task)
      loaded.value = true
      refusal.value = null
    } catch (reason) {
      refusal.value = asRefusal(reason)
    }
  }
  async function fetchOne(id: string): Promise<void> {
    know(await commands.assignment(id))
  }
  function sound(): void {
    player.play(TUNES.ring)
    ringBlocked.value = player.blocked
    buzz([500, 200, 500])
  }
  /** Rings, and tells the hub that the page rang: a receipt, not an answer. */
  function ring(id: string, step: number, attempt: number): void {
    rungSince.set(id, clock.serverNow())
    const receipt = `${id}/${step}/${attempt}`
    if (told.has(receipt)) return
    told.add(receipt)
    sound()
    ask(link.socket, 'ring_received', { assignment_id: id, step, attempt }).catch(() => told.delete(receipt))
  }
  link.socket.on('connect', () => void load())
  function heard(event: SummonsRing): void {
    ids.set(event.assignment_id, event.incident_id)
    ring(event.assignment_id, event.step, event.attempt)
    if (!streams.picture.incidents[event.incident_id]) void fetchOne(event.assignment_id).catch(() => undefined)
  }
  link.socket.on('summons_ring', heard)
  // What rang while this page was away rings now.
  streams.onSynced(({ ringing: rings }) => {
    rings.forEach(heard)
  })
  link.socket.on('ring_stopped', ({ assignment_id }) => {
    rungSince.delete(assignment_id)
  })

  const all = computed(() => {
    const found: { assignment: AssignmentView; incident: IncidentView }[] = []
    for (const [id, incidentId] of ids) {
      const incident = streams.picture.incidents[incidentId]
      const assignment = incident?.assignments.find((candidate) => candidate.id === id)
      if (incident && assignment) found.push({ assignment, incident })
    }
    return found.sort((a, b) => a.assignment.clock.due_at.localeCompare(b.assignment.clock.due_at))
  })
  const open = computed(() =>
    all.value.filter(({ assignment, incident }) => assignment.state !== 'released' && assignment.state !== 'recalled' && incident.state !== 'closed'),
  )
  const ringing = computed(() =>
    open.value.filter(({ assignment }) => {
      const since = rungSince.get(assignment.id)
      return since !== undefined && isRinging(assignment) && clock.nowMs - since < RING_FOR_MS
    }),
  )
  window.setInterval(() => {
    if (ringing.value.length) sound()
  }, RING_EVERY_MS)

  return {
    loaded, refusal, all, open, ringing, ringBlocked, load, fetchOne,
    byId: (id: string) => all.value.find(({ assignment }) => assignment.id === id) ?? null,
    quiet: (id: string) => {
      rungSince.delete(id)
    },
    unlockRing: async () => {
      await player.unlock()
      ringBlocked.value = player.blocked
    },
  }
})
