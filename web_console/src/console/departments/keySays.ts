/** What the one key says: always what its next press will do. Pure. */

import { isUnmoved, stillOpen } from '@/console/queue/queueOrder'
import type { IncidentView, PlanPreview } from '@/wire/views'

export interface Press {
  phase: 'sending' | 'queued' | 'sent'
  key: string
  planId: string | undefined
  departments: number
  /** It urges those not moving; such a press cannot be taken back. */
  again: boolean
  /** Taken back before the hub has answered. */
  undo: boolean
  /** An answer was lost on the way, so the hub may have acted already. */
  unsure: boolean
}

export type Says =
  | { says: 'loading' | 'noPlan' | 'moving' | 'closed' | 'resolved' | 'blind' }
  | { says: 'first'; n: number; minutes: number }
  | { says: 'again'; n: number }
  | { says: 'sending' | 'queued' | 'confirming'; n: number }
  | { says: 'undoable'; n: number; seconds: number }
  | { says: 'undoing'; late: boolean }

export const summoned = (incident: IncidentView) => incident.summons !== null && incident.summons.state === 'issued'

/** Cut off and without a plan at hand it still takes the press: the hub then proposes the plan. */
export function keySays(incident: IncidentView, plan: PlanPreview | null, press: Press | undefined, undoing: boolean, nowMs: number, connected: boolean): Says {
  const open = stillOpen(incident.assignments)
  if (undoing || press?.undo) return { says: 'undoing', late: incident.summons !== null && Date.parse(incident.summons.undo_until) <= nowMs }
  if (press?.phase === 'sending') return { says: 'sending', n: press.departments }
  if (press?.phase === 'queued') return { says: press.unsure ? 'confirming' : 'queued', n: press.departments }
  if (incident.state === 'closed') return { says: 'closed' }
  if (incident.state === 'resolved') return { says: 'resolved' }
  if (incident.summons && summoned(incident)) {
    const left = Date.parse(incident.summons.undo_until) - nowMs
    if (left > 0) return { says: 'undoable', n: open.length, seconds: Math.ceil(left / 1000) }
    const unmoved = open.filter(isUnmoved).length
    return unmoved ? { says: 'again', n: unmoved } : { says: 'moving' }
  }
  if (!plan) return { says: connected ? 'loading' : 'blind' }
  if (plan.plan_id === null || !plan.departments.length) return { says: 'noPlan' }
  return { says: 'first', n: plan.departments.length, minutes: Math.round(plan.target_s / 60) }
}
