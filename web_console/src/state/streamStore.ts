/** The store of what the hub shows: the picture of `streams`, kept current over the socket. */

import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowReactive } from 'vue'

import { useLink } from '@/state/link'
import { apply, drop, emptyPicture, idOfStream, lastSeen, mergeEvents, putIncident, putRoom, take } from '@/state/streams'
import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'
import { ask } from '@/wire/socket'
import type { IncidentView, RoomView, StreamAdvanced, Synced } from '@/wire/views'

/** Broadcasts kept while a sync is under way; more than this means the next sync brings them anyway. */
const HELD_LIMIT = 500
const RETRY_MS = 2_000
/** A page that holds only a part meets a gap at every change of the rest. */
const PARTLY_HELD_MS = 5_000

export const useStreams = defineStore('streams', () => {
  const link = useLink()
  const picture = reactive(emptyPicture())
  const loaded = ref(false)
  const refusal = ref<Refusal | null>(null)
  /** There are more open incidents in sight than the page was sent. */
  const partial = ref(false)
  const unread = reactive<Record<string, number>>({})
  const journalsLoaded = shallowReactive(new Set<string>())
  const listeners = new Set<(reply: Synced) => void>()
  let held: StreamAdvanced[] = []
  let syncing = false
  let again = false
  let retry = 0
  let later = 0

  function receive(delta: StreamAdvanced): void {
    const outcome = apply(picture, delta)
    if (outcome === 'gap') {
      if (held.length < HELD_LIMIT) held.push(delta)
      fillGap(delta.stream)
    } else if (outcome === 'applied') {
      unread[delta.stream] = (unread[delta.stream] ?? 0) + delta.events.length
    }
  }

  function fillGap(stream: string): void {
    if (!partial.value || picture.seqs[stream] !== undefined) void sync()
    else if (!later) later = window.setTimeout(() => void sync(), PARTLY_HELD_MS)
  }

  async function sync(): Promise<void> {
    if (syncing) {
      again = true
      return
    }
    syncing = true
    again = false
    clearTimeout(retry)
    clearTimeout(later)
    later = 0
    try {
      const reply = await ask(link.socket, 'sync', { streams: lastSeen(picture) })
      take(picture, reply)
      partial.value = reply.partial
      for (const stream of reply.gone) journalsLoaded.delete(stream)
      for (const [stream, events] of Object.entries(reply.missed)) if (!events.length) journalsLoaded.delete(stream)
      loaded.value = true
      refusal.value = null
      for (const listener of listeners) listener(reply)
      const waiting = held
      held = []
      for (const delta of waiting) if (apply(picture, delta) === 'gap') fillGap(delta.stream)
    } catch (reason) {
      refusal.value = asRefusal(reason)
      if (link.connected) retry = window.setTimeout(() => void sync(), RETRY_MS)
    } finally {
      syncing = false
      if (again && link.connected) retry = window.setTimeout(() => void sync(), 200)
    }
  }

  link.socket.on('connect', () => void sync())
  link.socket.on('stream_advanced', receive)
  link.socket.on('stream_gone', ({ stream }) => {
    drop(picture, stream)
    journalsLoaded.delete(stream)
  })
  link.socket.on('feed_position', ({ incident_id, feed_id, ...position }) => {
    const feed = picture.incidents[incident_id]?.feeds.find((candidate) => candidate.id === feed_id)
    if (feed) feed.position = position
  })

  /** Fetches the whole journal of a stream once; later events come by broadcast and sync. */
  async function loadJournal(stream: string): Promise<void> {
    if (journalsLoaded.has(stream)) return
    for (let after = 0, more = true; more; ) {
      const { events } = await commands.journal(stream, after)
      picture.journals[stream] = mergeEvents(picture.journals[stream] ?? [], events)
      after = events.at(-1)?.seq ?? after
      more = events.length === commands.JOURNAL_PAGE
    }
    journalsLoaded.add(stream)
  }

  return {
    picture, loaded, refusal, partial, unread, journalsLoaded, sync, loadJournal,
    incidents: computed<IncidentView[]>(() => Object.values(picture.incidents)),
    roomOf: (incident: IncidentView | null): RoomView | null => (incident?.room_id ? (picture.rooms[incident.room_id] ?? null) : null),
    journalOf: (stream: string) => picture.journals[stream] ?? [],
    put: (incident: IncidentView) => {
      putIncident(picture, incident)
    },
    putRoom: (room: RoomView) => {
      putRoom(picture, room)
    },
    markRead: (stream: string) => {
      unread[stream] = 0
    },
    /** Calls the listener after every sync. */
    onSynced: (listener: (reply: Synced) => void) => {
      listeners.add(listener)
    },
    reset: () => {
      Object.assign(picture, emptyPicture())
      journalsLoaded.clear()
      loaded.value = false
      partial.value = false
      held = []
    },
    idOfStream,
  }
})
