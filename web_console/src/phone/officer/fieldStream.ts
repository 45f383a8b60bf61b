/**
 * One tap: the incident is reported, its feed opened, camera and microphone published; each step tried until it holds.
 * A device without a camera goes as far as it can: its feed carries the position, and the picture follows when there is one.
 */

import { computed, onScopeDispose, ref, shallowRef } from 'vue'

import { backoffMs, isCrowded } from '@/media/backoff'
import { Publisher } from '@/media/publisher'
import { useSubscriber } from '@/media/subscriber'
import { useEnding } from '@/phone/officer/ending'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'
import { newKey } from '@/wire/http'
import { asRefusal, type Refusal } from '@/wire/refusal'

/** What survives a reload: the stream goes on where it was. */
interface Kept { incidentId: string; feedId: string; whipUrl: string; since: number }
const KEPT = 'liandong.field'

export type FieldPhase = 'idle' | 'reporting' | 'waiting' | 'on'

const recall = (): Kept | null => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

export function useFieldStream() {
  const streams = useStreams()
  const ending = useEnding()
  const publisher = new Publisher()
  onScopeDispose(useSubscriber().keepGoing(publisher))
  const phase = ref<FieldPhase>('idle')
  const refusal = shallowRef<Refusal | null>(null)
  const attempt = ref(0)
  const nextTryAt = ref<number | null>(null)
  const kept = ref<Kept | null>(recall())
  let timer = 0
  let retry: (() => void) | null = null

  const keep = (value: Kept | null) => {
    kept.value = value
    if (value) sessionStorage.setItem(KEPT, JSON.stringify(value))
    else sessionStorage.removeItem(KEPT)
  }

  /** Camera and microphone into the feed that is on, if this device has them and nothing is sent yet. */
  async function send(camera: () => Promise<MediaStream | null>): Promise<void> {
    const stream = await camera()
    if (stream && kept.value && phase.value === 'on' && publisher.phase.value === 'idle') publisher.start(kept.value.whipUrl, stream)
  }
  /**
   * @param report null to stream into `incidentId`, which exists.
   * The keys stay the same over all tries, so that a lost answer makes no second incident.
   */
  async function start(report: commands.Report | null, incidentId: string | null, camera: () => Promise<MediaStream | null>): Promise<void> {
    const keys = { report: newKey(), feed: newKey() }
    let known = incidentId
    const go = async () => {
      clearTimeout(timer)
      nextTryAt.value = null
      phase.value = 'reporting'
      try {
        void camera()
        if (!known && report) {
          const incident = await commands.reportIncident(report, keys.report)
          streams.put(incident)
          known = incident.id
        }
        if (!known) return
        const { feed, whip_url: whipUrl } = await commands.openFeed({ incident_id: known, kind: 'phone' }, keys.feed)
        // It may be the very feed whose end is still waiting to be sent.
        ending.forget(feed.id)
        keep({ incidentId: known, feedId: feed.id, whipUrl, since: Date.now() })
        attempt.value = 0
        refusal.value = null
        phase.value = 'on'
        await send(camera)
      } catch (reason) {
        refusal.value = asRefusal(reason)
        if (refusal.value.kind === 'refused' || refusal.value.kind === 'signed_out') {
          phase.value = 'idle'
          return
        }
        phase.value = 'waiting'
        attempt.value += 1
        const wait = backoffMs(attempt.value, 1_000, 8_000)
        nextTryAt.value = performance.now() + wait
        timer = window.setTimeout(() => void go(), wait)
      }
    }
    retry = () => void go()
    await go()
  }
  /** After a reload: publishes again into the feed that was on. */
  async function resume(camera: () => Promise<MediaStream | null>): Promise<void> {
    if (!kept.value) return
    phase.value = 'on'
    await send(camera)
  }
  /** Over on this device at once; the hub is told until it has taken it (see `ending`). */
  async function end(): Promise<void> {
    const feedId = kept.value?.feedId
    clearTimeout(timer)
    retry = null
    phase.value = 'idle'
    const told = feedId ? ending.end(feedId) : undefined
    keep(null)
    await publisher.stop()
    await told
  }
  return {
    publisher, phase, refusal, kept, start, resume, send, end,
    /** Waiting to report, or the media path is being rebuilt. */
    cut: computed(() => phase.value === 'waiting' || (phase.value === 'on' && publisher.phase.value === 'retrying')),
    /** The media service had no room for this stream; it is tried again slowly. */
    full: computed(() => (publisher.phase.value === 'retrying' && publisher.refusal.value && isCrowded(publisher.refusal.value.code) ? publisher.refusal.value : null)),
    attempt: computed(() => (phase.value === 'waiting' ? attempt.value : publisher.attempt.value)),
    nextTryAt: computed(() => (phase.value === 'waiting' ? nextTryAt.value : publisher.nextTryAt.value)),
    forget: () => {
      phase.value = 'idle'
      keep(null)
      void publisher.stop()
    },
    retryNow: () => {
      if (phase.value === 'waiting') retry?.()
      else publisher.retryNow()
    },
  }
}
