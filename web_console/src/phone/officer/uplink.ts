/** What the phone sends, measured from the publisher's own counters every second. */

import { onBeforeUnmount, onMounted, ref } from 'vue'

import type { Publisher } from '@/media/publisher'

export function useUplink(publisher: Publisher) {
  const bitrateBps = ref<number | null>(null)
  let timer = 0
  let before: { bytes: number; atMs: number } | null = null

  async function measure(): Promise<void> {
    const report = await publisher.stats()
    if (!report) {
      before = null
      bitrateBps.value = null
      return
    }
    let bytes = 0
    let atMs = 0
    report.forEach((entry: { type: string; bytesSent?: number; timestamp: number }) => {
      if (entry.type !== 'outbound-rtp') return
      bytes += entry.bytesSent ?? 0
      atMs = entry.timestamp
    })
    if (before && atMs > before.atMs && bytes >= before.bytes) bitrateBps.value = ((bytes - before.bytes) * 8_000) / (atMs - before.atMs)
    before = { bytes, atMs }
  }
  onMounted(() => {
    timer = window.setInterval(() => void measure(), 1_000)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
  })
  return bitrateBps
}
