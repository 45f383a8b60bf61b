/** A finding in words: what is noticed, who is to blame, and what to do about it. Pure. */

import type { Source } from '@/media/sources'
import type { Effect, Verdict } from '@/media/why'

/** The key of what people notice; empty when it is only about to be noticed. */
export function effectKey({ frozen, choppy, small }: Effect): string {
  return frozen ? 'why.frozen' : choppy ? 'why.choppy' : small ? 'why.small' : ''
}

/** Somebody in the room is no scene. */
export function causeKey(verdict: Verdict, kind: Source['kind']): string {
  if (kind === 'participant' && verdict === 'sender_uplink') return 'why.their_uplink'
  if (kind === 'participant' && verdict === 'sender_device') return 'why.their_device'
  return `why.${verdict}`
}

export const adviceKey = (verdict: Verdict): string => `why.do.${verdict}`
