/** Whether somebody was put out of a room. The way back is a new invitation, never a button of theirs. Pure. */

import type { RoomView } from '@/wire/views'

type Seats = { state: RoomView['state']; participants: readonly Pick<RoomView['participants'][number], 'person_id' | 'presence'>[] }

export const isPutOut = (room: Seats | null, personId: string | undefined): boolean =>
  room?.state === 'open' && room.participants.some((seat) => seat.person_id === personId && seat.presence === 'removed')

/** What their task's page offers: a room they were put out of is no place to be in, whatever the assignment says. */
export function wayIn(room: Seats | null, personId: string | undefined, joinedBefore: boolean): 'none' | 'putOut' | 'join' | 'back' {
  if (room?.state !== 'open') return 'none'
  if (isPutOut(room, personId)) return 'putOut'
  return joinedBefore ? 'back' : 'join'
}
