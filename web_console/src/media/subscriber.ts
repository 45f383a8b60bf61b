/** The page's one warm subscriber connection: opened at load, reopened by itself, its slots filled with what is visible. */

import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowReactive, shallowRef } from 'vue'

import { isCrowded, retryWaitMs } from '@/media/backoff'
import { openReceiving, type Receiving } from '@/media/connection'
import { Loudspeaker } from '@/media/loudspeaker'
import { planWatch, type View } from '@/media/watchPlan'
import { useLink } from '@/state/link'
import type { LiveSources, Sending, SlotState, SourceStats } from '@/wire/events'
import { asRefusal, type Refusal } from '@/wire/refusal'
import { ask } from '@/wire/socket'

/** Changes of the views within this time travel as one message. */
const GATHER_MS = 4
const REWATCH_MS = 1_000
/** Pages whose worker died come back within this time. */
const TOGETHER_MS = 150

/** What this page sends, and what it must hear of. */
export interface Sender {
  /** The connection by which it sends, as the hub names it; null while there is none. */
  connectionId: () => string | null
  /** Everything is to be sent anew. */
  renew: () => void
  /** The hub is in reach again. */
  wake: () => void
  /** By which connection it sends, and what limits its picture; null while it sends nothing. */
  sending: () => Promise<Sending | null>
}

export const useSubscriber = defineStore('subscriber', () => {
  const link = useLink()
  const loudspeaker = new Loudspeaker()
  const phase = ref<'idle' | 'opening' | 'up' | 'down'>('idle')
  const attempt = ref(0)
  /** `performance.now()` of the next try while there is no connection. */
  const nextTryAt = ref<number | null>(null)
  /** Why there is no connection although the hub is in reach: it has no room for one more. */
  const crowded = shallowRef<Refusal | null>(null)
  const incidentId = ref<string | null>(null)
  const views = new Map<string, View>()
  /** Slot by view id. */
  const placed = shallowReactive(new Map<string, number>())
  /** The slot map, video slots by number. */
  const slots = reactive(new Map<number, SlotState>())
  const tracks = shallowReactive(new Map<string, MediaStreamTrack>())
  const videoMids = shallowReactive<string[]>([])
  /** What the sources of the followed incident send. */
  const live = shallowRef<LiveSources>({})
  const speaking = shallowReactive(new Set<string>())
  const stats = reactive(new Map<string, SourceStats & { heardMs: number }>())
  let profile: 'console' | 'phone' = 'console'
  let receiving: Receiving | null = null
  let opening = false
  let timer = 0
  let gather = 0
  const senders = new Set<Sender>()

  async function open(): Promise<void> {
    if (opening || !link.connected) return
    opening = true
    nextTryAt.value = null
    clearTimeout(timer)
    discard()
    phase.value = attempt.value ? 'down' : 'opening'
    try {
      receiving = await openReceiving(link.socket, profile, up, lost)
      for (const { mid, kind, track } of receiving.tracks) {
        tracks.set(mid, track)
        if (kind === 'audio') loudspeaker.attach(mid, track)
        else videoMids.push(mid)
      }
      changed()
    } catch (reason) {
      again(asRefusal(reason))
    } finally {
      opening = false
    }
  }
  function up(): void {
    phase.value = 'up'
    attempt.value = 0
    crowded.value = null
  }
  function lost(): void {
    discard()
    again(null)
  }
  /** Another worker can take us at once; not all pages in the same moment. */
  function moved(): void {
    discard()
    phase.value = 'down'
    clearTimeout(timer)
    timer = window.setTimeout(() => void open(), Math.random() * TOGETHER_MS)
  }
  function again(refusal: Refusal | null): void {
    const full = refusal && isCrowded(refusal.code) ? refusal : null
    // The first refusal of a kind begins its own row of waits.
    if (full && !crowded.value) attempt.value = 0
    crowded.value = full
    phase.value = 'down'
    attempt.value += 1
    clearTimeout(timer)
    const wait = retryWaitMs(refusal?.code ?? '', attempt.value, 250, 3_000)
    nextTryAt.value = performance.now() + wait
    timer = window.setTimeout(() => void open(), wait)
  }
  function discard(): void {
    receiving?.close()
    receiving = null
    slots.clear()
    tracks.clear()
    videoMids.splice(0)
    loudspeaker.clear()
    speaking.clear()
  }

  function changed(): void {
    clearTimeout(gather)
    gather = window.setTimeout(() => void watch(), GATHER_MS)
  }
  async function watch(): Promise<void> {
    if (!receiving) return
    const plan = planWatch([...views.values()], placed, videoMids.length)
    placed.clear()
    for (const [view, slot] of plan.slots) placed.set(view, slot)
    const connection_id = receiving.connectionId
    try {
      const asked = incidentId.value
      const answer = await ask(link.socket, 'media_watch', { connection_id, incident_id: asked, video: plan.video, audio: true })
      if (asked === incidentId.value) live.value = answer.live
    } catch (reason) {
      const refusal = asRefusal(reason)
      if (refusal.code === 'unknown_connection') {
        if (receiving?.connectionId !== connection_id) return
        discard()
        void open()
      } else if (link.connected && (refusal.kind === 'offline' || refusal.code === 'busy')) gather = window.setTimeout(() => void watch(), REWATCH_MS)
    }
  }

  /** The socket is back: media may have gone on all the while, and does so without a blink if the hub still knows it. */
  async function resume(): Promise<void> {
    for (const sender of senders) void resumeSending(sender)
    if (phase.value === 'idle') return
    const connectionId = receiving?.connectionId
    if (connectionId === undefined) {
      void open()
      return
    }
    const gone = await isGone(connectionId)
    if (receiving?.connectionId !== connectionId) return
    if (gone) {
      discard()
      void open()
    } else changed()
  }
  async function resumeSending(sender: Sender): Promise<void> {
    const connectionId = sender.connectionId()
    if (connectionId === null) sender.wake()
    else if ((await isGone(connectionId)) && sender.connectionId() === connectionId) sender.renew()
  }
  /** Whether the hub does not know this connection of ours any more; no answer is none. */
  async function isGone(connection_id: string): Promise<boolean> {
    try {
      await ask(link.socket, 'media_resume', { connection_id })
    } catch (reason) {
      return asRefusal(reason).code === 'unknown_connection'
    }
    return false
  }

  link.socket.on('media_back', () => {
    for (const sender of senders) if (sender.connectionId() === null) sender.wake()
    if (phase.value === 'down') void open()
  })
  link.socket.on('connect', () => void resume())
  link.socket.on('media_slots', (map) => {
    if (map.connection_id !== receiving?.connectionId) return
    for (const slot of map.slots) if (slot.kind === 'video') slots.set(slot.slot, slot)
  })
  link.socket.on('sources', (event) => {
    if (event.incident_id === incidentId.value) live.value = event.live
  })
  link.socket.on('media_lost', ({ connection_id, reason }) => {
    if (connection_id === receiving?.connectionId) {
      if (reason === 'worker_lost') moved()
      else lost()
    }
    for (const sender of senders) if (sender.connectionId() === connection_id) sender.renew()
  })
  link.socket.on('speaking', ({ incident_id, source_ids }) => {
    if (incident_id !== incidentId.value) return
    speaking.clear()
    for (const source of source_ids) speaking.add(source)
  })
  link.socket.on('source_stats', ({ sources }) => {
    for (const source of sources) stats.set(source.source_id, { ...source, heardMs: performance.now() })
  })

  return {
    phase, attempt, nextTryAt, crowded, incidentId, live, slots, stats, speaking, placed,
    soundBlocked: computed(() => loudspeaker.blocked.value),
    unlockSound: () => {
      loudspeaker.unlock()
    },
    setLevel: (level: number) => {
      loudspeaker.setLevel(level)
    },
    /** Keeps the sender going: it is told when it has to send anew, and when the way is back. Returns the end of it. */
    keepGoing: (sender: Sender) => {
      senders.add(sender)
      return () => senders.delete(sender)
    },
    connectionId: () => receiving?.connectionId ?? null,
    receiverStats: () => receiving?.stats() ?? Promise.resolve(null),
    /** What this page sends, by connection. */
    sendings: async () => (await Promise.all([...senders].map((sender) => sender.sending()))).filter((sending) => sending !== null),
    /** Starts the warm connection; called once at load. */
    start: (wanted: 'console' | 'phone') => {
      profile = wanted
      if (phase.value === 'idle') phase.value = 'opening'
      void open()
    },
    /** At once instead of after the wait: a page was closed somewhere. */
    retryNow: () => {
      if (phase.value === 'down') void open()
    },
    stop: () => {
      clearTimeout(timer)
      discard()
      crowded.value = null
      phase.value = 'idle'
    },
    /** The incident whose sounds are heard and whose pictures may be asked for. */
    follow: (id: string | null) => {
      if (incidentId.value === id) return
      incidentId.value = id
      live.value = {}
      speaking.clear()
      changed()
    },
    show: (view: View) => {
      views.set(view.id, view)
      changed()
    },
    hide: (viewId: string) => {
      if (views.delete(viewId)) changed()
    },
    /** The codec in which the source comes, if this browser said that it does not decode it; else empty. */
    undecodable: (sourceId: string): string => [...slots.values()].find((slot) => slot.source_id === sourceId)?.undecodable ?? '',
    /** Whether the source comes as single pictures every few seconds, because there is no room for more. */
    still: (sourceId: string): boolean => [...slots.values()].some((slot) => slot.source_id === sourceId && slot.still),
    /** The track behind a slot: by the slot map's m-line once it is told, by order before that. */
    trackOf: (slot: number): MediaStreamTrack | undefined => tracks.get(slots.get(slot)?.mid ?? videoMids[slot] ?? ''),
  }
})
