/**
 * How the pictures of this page do, every two seconds: the browser's own counters beside what the hub tells of senders,
 * downlink and server; why they are bad, and a report of it to the hub.
 */

import { defineStore } from 'pinia'
import { shallowReactive, shallowRef } from 'vue'

import { STATS_FRESH_MS } from '@/media/linkQuality'
import { received, sampleOf, type Inbound, type Received, type Sample } from '@/media/received'
import { useSubscriber } from '@/media/subscriber'
import { effectOf, judge, Steady, type Effect, type Facts, type Verdict } from '@/media/why'
import { useLink } from '@/state/link'
import type { MediaReport, ViewerStats } from '@/wire/events'
import { ask } from '@/wire/socket'

const EVERY_MS = 2_000
/** A verdict looks back over this many samples: a freeze of half a second is seen, a hiccup is not. */
const LOOK_BACK = 3
const REPORT_EVERY = 3
const STAGE_SOUND = 'a0'

export interface Quality {
  verdict: Verdict
  effect: Effect
  facts: Facts
  /** What people would probably say of the picture, 1 to 5, as the hub models it. */
  score: number | null
}

export const useQuality = defineStore('quality', () => {
  const link = useLink()
  const media = useSubscriber()
  /** By source. */
  const found = shallowReactive(new Map<string, Quality>())
  const viewer = shallowRef<(ViewerStats & { heardMs: number }) | null>(null)
  const steady = new Map<string, Steady<Verdict>>()
  const scores = new Map<number, number>()
  /** Since when each slot carries what it carries. */
  const began = new Map<number, { source: string; atMs: number }>()
  let samples: Sample[] = []
  let timer = 0
  let rounds = 0
  /** The round in which the page was last hidden: what was counted before it says nothing. */
  let hiddenAt = -LOOK_BACK

  const fresh = (heardMs: number) => performance.now() - heardMs < STATS_FRESH_MS

  async function round(): Promise<void> {
    rounds += 1
    const hidden = document.visibilityState !== 'visible'
    if (hidden) hiddenAt = rounds
    const report = await media.receiverStats()
    samples = report ? [...samples, sampleOf(report.values() as Iterable<Inbound>, performance.now())].slice(-LOOK_BACK - 1) : []
    const unseen = rounds - hiddenAt <= LOOK_BACK
    const seen = judgeAll(unseen)
    if (rounds % REPORT_EVERY === 0) await tell(seen, unseen)
  }

  /** @param sinceMs what was counted before it belongs to another source. */
  function counted(mid: string, sinceMs = 0): Received | null {
    const [first, last] = [samples.find((sample) => sample.atMs >= sinceMs), samples.at(-1)]
    return first && last ? received(first, last, mid) : null
  }

  function judgeAll(hidden: boolean): Map<number, { seen: Received | null; verdict: Verdict }> {
    const now = new Map<number, { seen: Received | null; verdict: Verdict }>()
    const shown = new Set<string>()
    for (const slot of media.placed.values()) {
      const state = media.slots.get(slot)
      if (!state?.source_id || state.first_rtp_ts === null) continue
      if (began.get(slot)?.source !== state.source_id) began.set(slot, { source: state.source_id, atMs: performance.now() })
      const facts = factsOf(state.source_id, slot, state.mid, hidden)
      const verdict = judge(facts)
      const kept = steady.get(state.source_id) ?? new Steady<Verdict>('fine')
      steady.set(state.source_id, kept)
      found.set(state.source_id, { verdict: kept.note(verdict), effect: effectOf(facts), facts, score: scores.get(slot) ?? null })
      now.set(slot, { seen: facts.seen, verdict })
      shown.add(state.source_id)
    }
    for (const source of [...found.keys()]) {
      if (shown.has(source)) continue
      found.delete(source)
      steady.delete(source)
    }
    return now
  }

  function factsOf(sourceId: string, slot: number, mid: string, hidden: boolean): Facts {
    const up = media.stats.get(sourceId)
    const down = viewer.value && fresh(viewer.value.heardMs) ? viewer.value : null
    const sent = down?.slots.find((each) => each.slot === slot && each.source_id === sourceId)
    return {
      hidden,
      seen: counted(mid, began.get(slot)?.atMs),
      sound: slot === 0 ? counted(STAGE_SOUND, began.get(slot)?.atMs) : null,
      uplink: up && fresh(up.heardMs)
        ? { lossPct: up.loss_pct, missingPct: up.missing_pct, bitrateBps: up.bitrate_bps, rttMs: up.rtt_ms, height: up.height, limited: up.limited }
        : null,
      downlink: down ? { lossPct: down.loss_pct, rttMs: down.rtt_ms, jitterMs: down.jitter_ms, held: sent?.held ?? false, height: sent?.height ?? null, availableBps: down.available_bps } : null,
      server: down?.server ? { cpu: down.server.cpu, lagMs: down.server.lag_ms, dropped: down.server.dropped, saving: down.server.saving } : null,
    }
  }

  /** The hub hears of it as well as it can: one that is lost is followed by the next. */
  async function tell(seen: ReturnType<typeof judgeAll>, unseen: boolean): Promise<void> {
    const sending = await media.sendings()
    const [first, last] = [samples[0], samples.at(-1)]
    const connection_id = media.connectionId()
    const seconds = first && last && !unseen ? (last.atMs - first.atMs) / 1000 : 0
    if (!link.connected || (!sending.length && (!connection_id || seconds <= 0))) return
    const report: MediaReport = { connection_id: seconds > 0 ? connection_id : null, seconds: seconds || 1, hidden: unseen, video: [], audio: [], sending }
    if (seconds > 0) describe(report, seen)
    try {
      const answer = await ask(link.socket, 'media_report', report)
      scores.clear()
      for (const { kind, slot, score } of answer.scores) if (kind === 'video') scores.set(slot, score)
    } catch {
      // The hub is away, or the connection has just been replaced.
    }
  }

  function describe(report: MediaReport, seen: ReturnType<typeof judgeAll>): void {
    for (const [slot, { seen: figures, verdict }] of seen) {
      if (!figures) continue
      const { frames, dropped, freezes, frozenMs, decodeMs, bufferMs } = figures
      report.video.push({ slot, frames, dropped, freezes, frozen_ms: frozenMs, decode_ms: decodeMs, buffer_ms: bufferMs, verdict })
    }
    const voice = counted(STAGE_SOUND)
    if (voice && voice.bufferMs > 0) report.audio.push({ slot: 0, concealed_pct: voice.concealedPct, buffer_ms: voice.bufferMs })
  }

  link.socket.on('viewer_stats', (stats) => {
    if (stats.connection_id === media.connectionId()) viewer.value = { ...stats, heardMs: performance.now() }
  })

  return {
    found,
    /** Called once at load; returns the end of it. */
    run: () => {
      const next = async () => {
        await round()
        timer = window.setTimeout(() => void next(), EVERY_MS)
      }
      timer = window.setTimeout(() => void next(), EVERY_MS)
      return () => {
        clearTimeout(timer)
        samples = []
        found.clear()
        steady.clear()
      }
    },
  }
})
