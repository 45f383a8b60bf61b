import { describe, expect, it } from 'vitest'

import { isPutOut, wayIn } from '@/phone/responder/putOut'
import type { ParticipantView } from '@/wire/views'

const room = (presence: ParticipantView['presence'], state: 'open' | 'ended' = 'open') => ({ state, participants: [{ person_id: 'p1', presence }, { person_id: 'p2', presence: 'present' as const }] })

describe('somebody put out of the room', () => {
  it('is told so and offered no way back', () => {
    expect(isPutOut(room('removed'), 'p1')).toBe(true)
    expect(wayIn(room('removed'), 'p1', true)).toBe('putOut')
  })

  it('may come in again after a new invitation', () => {
    expect([wayIn(room('invited'), 'p1', true), wayIn(room('invited'), 'p1', false)]).toEqual(['back', 'join'])
  })

  it('is nobody else', () => {
    expect([isPutOut(room('removed'), 'p2'), wayIn(room('removed'), 'p2', true)]).toEqual([false, 'back'])
  })

  it('is not the news once the room is over, or where there is none', () => {
    expect([wayIn(room('removed', 'ended'), 'p1', true), wayIn(null, 'p1', true)]).toEqual(['none', 'none'])
  })
})
