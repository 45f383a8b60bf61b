/** Counting incidents where the page holds only those that are nearest to their deadline. Pure. */

import { isTimed } from '@/console/queue/queueOrder'
import { readSla } from '@/sla/sla'
import type { Counts, IncidentView } from '@/wire/views'

export interface Tally { open: number; overdue: number; resolved: number }

export const NONE: Tally = { open: 0, overdue: 0, resolved: 0 }

const isOpen = (incident: IncidentView) => incident.state !== 'closed'
const isOverdue = (incident: IncidentView, nowMs: number) => readSla(incident.clock, nowMs).state === 'breach'
const isResolved = (incident: IncidentView) => incident.state === 'resolved'

export function countHeld(incidents: readonly IncidentView[], nowMs: number): Tally {
  const timed = incidents.filter(isTimed)
  return { open: timed.length, overdue: timed.filter((incident) => isOverdue(incident, nowMs)).length, resolved: incidents.filter(isResolved).length }
}

/**
 * What the hub counts and the page does not hold. The hub's open ones include the resolved, its overdue ones do not.
 */
export function beyond(counts: Counts, incidents: readonly IncidentView[], nowMs: number): Tally {
  const open = incidents.filter(isOpen)
  const resolved = open.filter(isResolved).length
  const overdue = open.filter((incident) => !isResolved(incident) && isOverdue(incident, nowMs)).length
  const rest = (all: number, own: number) => Math.max(0, all - own)
  return {
    open: rest(counts.open - counts.resolved, open.length - resolved), overdue: rest(counts.overdue, overdue), resolved: rest(counts.resolved, resolved),
  }
}

export const sum = (one: Tally, other: Tally): Tally => ({
  open: one.open + other.open, overdue: one.overdue + other.overdue, resolved: one.resolved + other.resolved,
})
