/** What can be seen of an incident: its feeds, then the people in its room. Pure. */

import type { FeedKind, IncidentView, Instant, Position, RoomView } from '@/wire/views'

export interface Source {
  /** The media plane's id of it. */
  id: string
  /** 1…9 address it; it keeps its number while it lives. */
  key: number
  kind: FeedKind | 'participant'
  name: string
  owner: string
  agencyId: string
  state: 'live' | 'interrupted'
  since: Instant | null
  position: Position | null
  hasVideo: boolean
}

export function sourcesOf(incident: IncidentView, room: RoomView | null, ownPersonId: string | null): Source[] {
  const feeds = incident.feeds
    .filter((feed) => feed.state === 'live' || feed.state === 'interrupted')
    .map((feed) => ({
      id: feed.id, kind: feed.kind, name: feed.name, owner: feed.owner?.name ?? '', agencyId: feed.agency_id,
      state: feed.state === 'live' ? ('live' as const) : ('interrupted' as const), since: feed.since, position: feed.position,
      hasVideo: feed.has_video || feed.state === 'interrupted',
    }))
  const people = (room?.state === 'open' ? room.participants : [])
    .filter((participant) => participant.person_id !== ownPersonId && (participant.presence === 'present' || participant.presence === 'away'))
    .map((participant) => ({
      id: participant.source_id, kind: 'participant' as const, name: participant.name, owner: '', agencyId: participant.agency_id,
      state: participant.presence === 'present' ? ('live' as const) : ('interrupted' as const), since: participant.joined_at, position: null,
      hasVideo: true,
    }))
  return [...feeds, ...people].map((source, index) => ({ ...source, key: index + 1 }))
}
