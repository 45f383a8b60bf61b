/** What the phone sends, measured from the publisher's own counters every second, and whether it suffers. */

import { computed, onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'

import { judgeSending, sendingBars, sendingNow, sendingSample, type Outbound, type SendingNow, type SendingSample, type SendingVerdict } from '@/media/sending'
import { Steady } from '@/media/why'

const EVERY_MS = 1_000
/** A connection finds its own rate within some seconds; until then a small picture says nothing. */
const SETTLE_MS = 8_000

/** @param picture whether a camera is sent. */
export function useUplink(publisher: { stats: () => Promise<RTCStatsReport> | null }, picture: () => boolean) {
  const now = shallowRef<SendingNow | null>(null)
  const verdict = ref<SendingVerdict>('fine')
  let timer = 0
  let before: SendingSample | null = null
  let beganMs = 0
  let steady = new Steady<SendingVerdict>('fine', 3, 4)

  async function measure(): Promise<void> {
    const report = await publisher.stats()
    const sample = report && sendingSample(report.values() as Iterable<Outbound>)
    if (!sample) {
      before = now.value = null
      beganMs = 0
      steady = new Steady<SendingVerdict>('fine', 3, 4)
      verdict.value = 'fine'
      return
    }
    beganMs ||= sample.atMs
    const measured = sendingNow(before, sample)
    before = sample
    if (!measured) return
    now.value = measured
    if (sample.atMs - beganMs > SETTLE_MS) verdict.value = steady.note(judgeSending(measured, picture()))
  }
  onMounted(() => {
    timer = window.setInterval(() => void measure(), EVERY_MS)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
  })
  return {
    bitrateBps: computed(() => now.value?.bitrateBps ?? null),
    bars: computed(() => sendingBars(now.value, verdict.value)),
    verdict,
  }
}
