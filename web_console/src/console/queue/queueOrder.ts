/** The order of the queue: least time left first. Pure. */

import { compareSla, readSla } from '@/sla/sla'
import type { IncidentView } from '@/wire/views'

export const isTimed = (incident: IncidentView) => incident.state === 'received' || incident.state === 'dispatched'

export function orderQueue(incidents: readonly IncidentView[], nowMs: number): IncidentView[] {
  return incidents
    .filter(isTimed)
    .map((incident) => ({ incident, reading: readSla(incident.clock, nowMs) }))
    .sort((a, b) => compareSla(a.reading, b.reading) || a.incident.id.localeCompare(b.incident.id))
    .map(({ incident }) => incident)
}

/** Resolved ones that wait for the follow-up call, longest waiting first. */
export function orderFollowUps(incidents: readonly IncidentView[]): IncidentView[] {
  return incidents
    .filter((incident) => incident.state === 'resolved')
    .sort((a, b) => (a.resolved_at ?? '').localeCompare(b.resolved_at ?? ''))
}

export const stillOpen = (assignments: IncidentView['assignments']) =>
  assignments.filter((assignment) => assignment.state !== 'released' && assignment.state !== 'recalled')

/** In place by the rule of the clock: it has stopped, or the department is in the room or at the scene. */
export const isInPlace = (assignment: IncidentView['assignments'][number]) =>
  assignment.clock.stopped_at !== null || assignment.state === 'joined' || assignment.state === 'on_scene'

/** Those that another press would urge. */
export const isUnmoved = (assignment: IncidentView['assignments'][number]) =>
  ['pending', 'notified', 'acknowledged', 'unreachable', 'declined'].includes(assignment.state)
