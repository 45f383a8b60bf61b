import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Refusal } from '@/wire/refusal'

const kept = { room: 'r1', incident: 'i1' }
const meeting = {
  roomId: null as string | null, held: kept as typeof kept | null,
  answers: [] as (Refusal | null)[], tried: [] as string[],
  kept: () => meeting.held,
  forget: () => {
    meeting.held = null
  },
  join: (room: string, incident: string) => {
    meeting.tried.push(`${room}/${incident}`)
    const answer = meeting.answers.shift()
    if (answer) return Promise.reject(answer)
    meeting.roomId = room
    return Promise.resolve()
  },
}
const session = { leave: vi.fn() }
vi.mock('@/phone/responder/meeting', () => ({ useMeeting: () => meeting }))
vi.mock('@/state/session', () => ({ useSession: () => session }))

const { useReturning } = await import('@/phone/responder/returning')
const broken = new Refusal('broken', 'store_failed', '')
const offline = new Refusal('offline', 'offline', '')

describe('the way back into the room', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
    Object.assign(meeting, { roomId: null, held: kept, answers: [], tried: [] })
    session.leave.mockReset()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ends in the same room, however often the hub is away', async () => {
    meeting.answers = [broken, offline, offline, broken]
    const returning = useReturning()
    await returning.begin()
    expect(returning.shown).toBe(true)
    expect(returning.refusal?.code).toBe('store_failed')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(meeting.tried).toEqual(Array(5).fill('r1/i1'))
    expect(meeting.roomId).toBe('r1')
    expect(returning.shown).toBe(false)
  })

  it('ends without a screen of its own when the first try holds', async () => {
    const returning = useReturning()
    const way = returning.begin()
    expect(returning.shown).toBe(false)
    await way
    expect(meeting.roomId).toBe('r1')
  })

  it('ends when the room is over', async () => {
    meeting.answers = [offline, new Refusal('refused', 'room_over', 'over')]
    const returning = useReturning()
    await returning.begin()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(meeting.tried).toHaveLength(2)
    expect(meeting.held).toBeNull()
    expect(returning.wanted).toBe(false)
  })

  it('keeps the room when the session is over, for whoever signs in again', async () => {
    meeting.answers = [new Refusal('signed_out', 'not_signed_in', '')]
    const returning = useReturning()
    await returning.begin()
    expect(session.leave).toHaveBeenCalledOnce()
    expect(meeting.held).toBe(kept)
    await returning.begin()
    expect(meeting.roomId).toBe('r1')
  })

  it('ends for someone who would rather not', async () => {
    meeting.answers = [offline]
    const returning = useReturning()
    await returning.begin()
    returning.giveUp()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(meeting.tried).toHaveLength(1)
    expect(meeting.held).toBeNull()
  })
})
