/** What a department does now, and what happens next and when, as sentence keys. Pure. */

import { formatSpan } from '@/sla/sla'
import { timeOfDay } from '@/sla/when'
import type { AssignmentView } from '@/wire/views'

export interface RowLine { key: string; params: Record<string, string> }

export function nowLine(assignment: AssignmentView): RowLine {
  const at = (instant: string | null) => (instant ? timeOfDay(instant) : '')
  switch (assignment.state) {
    case 'pending': return { key: 'dept.sentAt', params: { time: at(assignment.issued_at) } }
    case 'notified': return { key: 'dept.notified', params: { time: at(assignment.notified_at) } }
    case 'acknowledged': return { key: 'dept.accepted', params: {} }
    case 'en_route': return { key: 'dept.enRoute', params: { time: at(assignment.en_route_at) } }
    case 'declined': return { key: 'dept.declined', params: { reason: assignment.decline_reason } }
    case 'unreachable': return { key: 'dept.unreachable', params: {} }
    case 'released': return { key: 'dept.released', params: {} }
    case 'recalled': return { key: 'dept.recalled', params: {} }
    default: return { key: `assignment.${assignment.state}`, params: {} }
  }
}

/** The next rung of the escalation, or null when none is due. `target` is a key of its own. */
export function nextLine(assignment: AssignmentView, nowMs: number): RowLine | null {
  const next = assignment.next_step
  if (!next || !['pending', 'notified', 'declined'].includes(assignment.state)) return null
  const left = Date.parse(next.at) - nowMs
  const params = { target: `target.${next.target}`, time: formatSpan(Math.ceil(left / 1000) * 1000) }
  const how = next.target === 'on_duty' ? 'Same' : next.target === 'unreachable' ? 'GiveUp' : ''
  return { key: left > 0 ? `dept.next${how}` : `dept.next${how}Due`, params }
}
