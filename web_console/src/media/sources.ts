/** What can be seen of an incident: its feeds, then the people in its room. Pure. */

import type { LiveSources } from '@/wire/events'
import type { FeedKind, IncidentView, Instant, Position, RoomView } from '@/wire/views'

export interface Source {
  /** The media plane's id of it. */
  id: string
  /** 1…9 address it on a desk. */
  key: number
  kind: FeedKind | 'participant'
  name: string
  owner: string
  ownerId: string
  agencyId: string
  state: 'live' | 'interrupted'
  since: Instant | null
  position: Position | null
  hasVideo: boolean
}

/** @param live what the sources send now, as the hub told; a participant without video there has the camera off. */
export function sourcesOf(incident: IncidentView, room: RoomView | null, ownPersonId: string | null, live: LiveSources): Source[] {
  const feeds = incident.feeds
    .filter((feed) => feed.state === 'live' || feed.state === 'interrupted')
    .map((feed) => ({
      id: feed.id, kind: feed.kind, name: feed.name, owner: feed.owner?.name ?? '', ownerId: feed.owner?.id ?? '', agencyId: feed.agency_id,
      state: feed.state === 'live' ? ('live' as const) : ('interrupted' as const), since: feed.since, position: feed.position,
      hasVideo: feed.has_video || feed.state === 'interrupted',
    }))
  // An officer in the room is already there with the feed.
  const owners = new Set(feeds.map((feed) => feed.ownerId))
  const people = (room?.state === 'open' ? room.participants : [])
    .filter((participant) => participant.person_id !== ownPersonId && (participant.presence === 'present' || participant.presence === 'away'))
    .filter((participant) => !owners.has(participant.person_id) || live[participant.source_id]?.video)
    .map((participant) => ({
      id: participant.source_id, kind: 'participant' as const, name: participant.name, owner: '', ownerId: participant.person_id, agencyId: participant.agency_id,
      state: participant.presence === 'present' ? ('live' as const) : ('interrupted' as const), since: participant.joined_at, position: null,
      hasVideo: live[participant.source_id]?.video ?? false,
    }))
  return [...feeds, ...people].map((source, index) => ({ ...source, key: index + 1 }))
}

/** Hands out the numbers: a source keeps its own while it lives, a new one takes the lowest that is free. */
export class Numbers {
  private readonly keys = new Map<string, number>()

  /** The sources in the order of their numbers. */
  number(sources: readonly Source[]): Source[] {
    const living = new Set(sources.map((source) => source.id))
    for (const id of this.keys.keys()) if (!living.has(id)) this.keys.delete(id)
    const taken = new Set(this.keys.values())
    for (const { id } of sources) {
      if (this.keys.has(id)) continue
      let key = 1
      while (taken.has(key)) key += 1
      taken.add(key)
      this.keys.set(id, key)
    }
    return sources.map((source) => ({ ...source, key: this.keys.get(source.id) ?? 0 })).sort((a, b) => a.key - b.key)
  }
}
