import { describe, expect, it } from 'vitest'

import { apply, emptyPicture, lastSeen, putIncident, take, type Picture } from '@/state/streams'
import type { FeedView, IncidentPart, IncidentView, JournalEventView, StreamAdvanced } from '@/wire/views'

const event = (seq: number, kind = 'k'): JournalEventView => ({
  stream: 'incident:1', seq, at: new Date(seq * 1000).toISOString(), kind, actor: null, payload: {}, hash: String(seq),
})
const feed = (id: string, state: FeedView['state'] = 'live') => ({ id, state }) as FeedView
const head = (seq: number, title: string) => ({ id: '1', stream: 'incident:1', seq, title }) as IncidentPart
const view = (seq: number, title: string, feeds: FeedView[] = []): IncidentView => ({ ...head(seq, title), assignments: [], feeds, orders: [] })

const NOTHING = { incident: null, assignments: [], feeds: [], orders: [], room: null }
const DELTAS: StreamAdvanced[] = [
  { stream: 'incident:1', base: 0, seq: 1, events: [event(1)], parts: { ...NOTHING, incident: head(1, 'first') } },
  { stream: 'incident:1', base: 1, seq: 3, events: [event(2), event(3)], parts: { ...NOTHING, feeds: [feed('f'), feed('g')] } },
  { stream: 'incident:1', base: 3, seq: 4, events: [event(4)], parts: { ...NOTHING, incident: head(4, 'second'), feeds: [feed('f', 'interrupted')] } },
]
const FETCHED = view(4, 'second', [feed('f', 'interrupted'), feed('g')])

const run = (picture: Picture, deltas: StreamAdvanced[]) => deltas.map((delta) => apply(picture, delta))

describe('a stream', () => {
  it('gives by deltas what a fetch gives', () => {
    const picture = emptyPicture()
    expect(run(picture, DELTAS)).toEqual(['applied', 'applied', 'applied'])
    expect(picture.incidents['1']).toEqual(FETCHED)
  })

  it('gives the same from any snapshot on the way', () => {
    const whole = emptyPicture()
    run(whole, DELTAS)
    for (let cut = 1; cut < DELTAS.length; cut += 1) {
      const before = emptyPicture()
      run(before, DELTAS.slice(0, cut))
      const picture = emptyPicture()
      const snapshot = before.incidents['1']
      if (snapshot) putIncident(picture, structuredClone(snapshot))
      run(picture, DELTAS)
      expect(picture.incidents['1']).toEqual(whole.incidents['1'])
    }
  })

  it('shows a gap instead of guessing', () => {
    const picture = emptyPicture()
    run(picture, DELTAS.slice(0, 1))
    expect(apply(picture, DELTAS[2] as StreamAdvanced)).toBe('gap')
    expect(picture.seqs['incident:1']).toBe(1)
  })

  it('ignores what it has, but keeps the events it lacked', () => {
    const picture = emptyPicture()
    run(picture, DELTAS.slice(0, 1))
    putIncident(picture, FETCHED)
    expect(run(picture, DELTAS.slice(1))).toEqual(['ignored', 'ignored'])
    expect(picture.incidents['1']).toEqual(FETCHED)
    expect(picture.journals['incident:1']?.map((e) => e.seq)).toEqual([1, 2, 3, 4])
  })

  it('asks again for the events that a command answer skipped', () => {
    const picture = emptyPicture()
    run(picture, DELTAS.slice(0, 1))
    putIncident(picture, FETCHED)
    expect(lastSeen(picture)).toEqual({ 'incident:1': 1 })
  })

  it('takes a sync: what is gone goes, what is missed comes once', () => {
    const picture = emptyPicture()
    run(picture, DELTAS.slice(0, 2))
    take(picture, { now: '', partial: false, incidents: [FETCHED], rooms: [], gone: [], ringing: [], missed: { 'incident:1': [event(3), event(4)] } })
    expect(picture.journals['incident:1']?.map((e) => e.seq)).toEqual([1, 2, 3, 4])
    take(picture, { now: '', partial: false, incidents: [], rooms: [], gone: ['incident:1'], ringing: [], missed: {} })
    expect(picture).toEqual(emptyPicture())
  })
})
