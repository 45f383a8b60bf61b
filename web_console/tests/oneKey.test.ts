import { describe, expect, it } from 'vitest'

import { keySays, type Press } from '@/console/departments/keySays'
import type { AssignmentView, IncidentView, PlanPreview } from '@/wire/views'

const NOW = Date.parse('2026-01-01T00:10:00.000Z')
const at = (ms: number) => new Date(NOW + ms).toISOString()
const plan = { plan_id: 'p', target_s: 900, departments: [{}, {}, {}] } as unknown as PlanPreview
const assignment = (state: AssignmentView['state']) => ({ state }) as AssignmentView
const incident = (part: Partial<IncidentView> = {}) => ({ state: 'received', summons: null, assignments: [], ...part }) as unknown as IncidentView
const summoned = (states: AssignmentView['state'][], undoMs: number) =>
  incident({ state: 'dispatched', assignments: states.map(assignment), summons: { state: 'issued', undo_until: at(undoMs) } as IncidentView['summons'] })
const press = (part: Partial<Press>): Press => ({ phase: 'sending', key: 'k', planId: undefined, departments: 3, again: false, undo: false, unsure: false, ...part })

describe('the one key', () => {
  it('says whom the first press will summon and against which limit', () => {
    expect(keySays(incident(), plan, undefined, false, NOW, true)).toEqual({ says: 'first', n: 3, minutes: 15 })
  })

  it('asks for a plan where none fits, and takes a blind press while cut off', () => {
    expect(keySays(incident(), { ...plan, plan_id: null }, undefined, false, NOW, true).says).toBe('noPlan')
    expect(keySays(incident(), null, undefined, false, NOW, true).says).toBe('loading')
    expect(keySays(incident(), null, undefined, false, NOW, false).says).toBe('blind')
  })

  it('can be undone for five seconds of server time', () => {
    expect(keySays(summoned(['pending', 'notified'], 4_100), plan, undefined, false, NOW, true)).toEqual({ says: 'undoable', n: 2, seconds: 5 })
    expect(keySays(summoned(['pending', 'notified'], 0), plan, undefined, false, NOW, true)).toEqual({ says: 'again', n: 2 })
  })

  it('counts only those not moving for the next press', () => {
    const states: AssignmentView['state'][] = ['joined', 'en_route', 'acknowledged', 'declined', 'unreachable', 'released']
    expect(keySays(summoned(states, -1), plan, undefined, false, NOW, true)).toEqual({ says: 'again', n: 3 })
    expect(keySays(summoned(['on_scene', 'joined'], -1), plan, undefined, false, NOW, true)).toEqual({ says: 'moving' })
  })

  it('tells a press on its way from one in the queue, and one that may have arrived', () => {
    expect(keySays(incident(), plan, press({}), false, NOW, true)).toEqual({ says: 'sending', n: 3 })
    expect(keySays(incident(), plan, press({ phase: 'queued' }), false, NOW, false)).toEqual({ says: 'queued', n: 3 })
    expect(keySays(incident(), plan, press({ phase: 'queued', unsure: true }), false, NOW, false)).toEqual({ says: 'confirming', n: 3 })
  })

  it('summons nobody for a matter that is over', () => {
    expect(keySays(incident({ state: 'resolved' }), plan, undefined, false, NOW, true).says).toBe('resolved')
    expect(keySays(incident({ state: 'closed' }), plan, undefined, false, NOW, true).says).toBe('closed')
  })

  it('says that it is being taken back, also before the hub has answered to the press', () => {
    expect(keySays(incident(), plan, press({ undo: true }), false, NOW, true)).toEqual({ says: 'undoing', late: false })
    expect(keySays(summoned(['pending'], 100), plan, undefined, true, NOW, true)).toEqual({ says: 'undoing', late: false })
    expect(keySays(summoned(['pending'], -1), plan, undefined, true, NOW, true)).toEqual({ says: 'undoing', late: true })
  })
})
