/**
 * The page's copy of the streams it may see: a snapshot plus deltas, with the sequence rules of the wire.
 *
 * Pure: `apply` and `take` change only the picture handed to them. A delta is applied only on the exact state it was made
 * from; one that starts later shows a gap, and the caller syncs. snapshot + deltas = a new snapshot.
 */

import type { IncidentView, JournalEventView, RoomView, StreamAdvanced, Synced } from '@/wire/views'

export interface Picture {
  /** Last sequence number by stream. */
  seqs: Record<string, number>
  /** By incident id. */
  incidents: Record<string, IncidentView>
  /** By room id. */
  rooms: Record<string, RoomView>
  /** Known journal events by stream, in order, without duplicates; possibly only the latest of them. */
  journals: Record<string, JournalEventView[]>
}

export type Outcome = 'applied' | 'ignored' | 'gap'

export const emptyPicture = (): Picture => ({ seqs: {}, incidents: {}, rooms: {}, journals: {} })

/** The id behind a stream name such as `incident:42`. */
export const idOfStream = (stream: string): string => stream.slice(stream.indexOf(':') + 1)

/** The list with the changed items in the place of their older selves, and new ones at the end. */
export function mergeById<T extends { id: string }>(list: readonly T[], changed: readonly T[] | undefined): T[] {
  if (!changed?.length) return [...list]
  const byId = new Map(list.map((item) => [item.id, item]))
  for (const item of changed) byId.set(item.id, item)
  return [...byId.values()]
}

/** Journal events in order, each once. */
export function mergeEvents(known: readonly JournalEventView[], more: readonly JournalEventView[]): JournalEventView[] {
  const last = known.at(-1)
  const inOrder = more.every((event, index) => event.seq > (more[index - 1]?.seq ?? last?.seq ?? 0))
  if (inOrder) return [...known, ...more]
  const bySeq = new Map(known.map((event) => [event.seq, event]))
  for (const event of more) bySeq.set(event.seq, event)
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

/** Brings the picture forward by one broadcast if it fits exactly. */
export function apply(picture: Picture, delta: StreamAdvanced): Outcome {
  const seq = picture.seqs[delta.stream]
  if (seq === undefined ? delta.base !== 0 : delta.base > seq) return 'gap'
  if (seq !== undefined && delta.seq <= seq) {
    // The state is known from a command's answer; its events may not be.
    picture.journals[delta.stream] = mergeEvents(picture.journals[delta.stream] ?? [], delta.events)
    return 'ignored'
  }
  if (seq !== undefined && delta.base < seq) return 'gap'
  const { parts } = delta
  if (parts.room) picture.rooms[parts.room.id] = parts.room
  if (delta.stream.startsWith('incident:')) {
    const known = picture.incidents[idOfStream(delta.stream)]
    const head = parts.incident ?? known
    if (!head) return 'gap'
    picture.incidents[head.id] = {
      ...head,
      seq: delta.seq,
      assignments: mergeById(known?.assignments ?? [], parts.assignments),
      feeds: mergeById(known?.feeds ?? [], parts.feeds),
      orders: mergeById(known?.orders ?? [], parts.orders),
    }
  }
  picture.seqs[delta.stream] = delta.seq
  picture.journals[delta.stream] = mergeEvents(picture.journals[delta.stream] ?? [], delta.events)
  return 'applied'
}

/** Puts a fetched incident into the picture unless a newer one is there. */
export function putIncident(picture: Picture, incident: IncidentView): void {
  if ((picture.seqs[incident.stream] ?? -1) > incident.seq) return
  picture.seqs[incident.stream] = incident.seq
  picture.incidents[incident.id] = incident
}

/** Puts a fetched room into the picture unless a newer one is there. */
export function putRoom(picture: Picture, room: RoomView): void {
  if ((picture.seqs[room.stream] ?? -1) > room.seq) return
  picture.seqs[room.stream] = room.seq
  picture.rooms[room.id] = room
}

/** Forgets a stream that is no longer visible. */
export function drop(picture: Picture, stream: string): void {
  const id = idOfStream(stream)
  if (stream.startsWith('incident:')) Reflect.deleteProperty(picture.incidents, id)
  else if (stream.startsWith('room:')) Reflect.deleteProperty(picture.rooms, id)
  Reflect.deleteProperty(picture.seqs, stream)
  Reflect.deleteProperty(picture.journals, stream)
}

/**
 * What to tell the hub we have: for each stream the last state, or an earlier point where our journal stops, since a
 * command's answer moves the state forward without bringing the events.
 */
export function lastSeen(picture: Picture): Record<string, number> {
  const seen: Record<string, number> = {}
  for (const [stream, seq] of Object.entries(picture.seqs)) {
    seen[stream] = Math.min(seq, picture.journals[stream]?.at(-1)?.seq ?? seq)
  }
  return seen
}

/** Takes over what a sync brought. */
export function take(picture: Picture, reply: Synced): void {
  for (const stream of reply.gone) drop(picture, stream)
  for (const incident of reply.incidents) putIncident(picture, incident)
  for (const room of reply.rooms) putRoom(picture, room)
  for (const [stream, events] of Object.entries(reply.missed)) {
    picture.journals[stream] = mergeEvents(picture.journals[stream] ?? [], events)
  }
}
