/** The steps of one department's answer, and how far it is. Pure. */

import type { AssignmentView } from '@/wire/views'

export type StepName = 'issued' | 'notified' | 'acknowledged' | 'joined' | 'en_route' | 'on_scene'
export interface Steps { names: StepName[]; at: number }

const VIDEO: StepName[] = ['issued', 'notified', 'acknowledged', 'joined']
const SCENE: StepName[] = ['issued', 'notified', 'acknowledged', 'en_route', 'on_scene']

/** A department that was asked by video but sets out shows the way to the scene, and the other way round. */
export function stepsOf(assignment: AssignmentView): Steps {
  const toScene = assignment.state === 'en_route' || assignment.state === 'on_scene' || (assignment.mode === 'scene' && assignment.state !== 'joined')
  const names = toScene ? SCENE : VIDEO
  const reached: StepName =
    assignment.state === 'joined' || assignment.state === 'on_scene' || assignment.state === 'en_route' ? assignment.state
      : assignment.acknowledged_at ? 'acknowledged'
        : assignment.notified_at ? 'notified' : 'issued'
  return { names, at: names.indexOf(reached) }
}
