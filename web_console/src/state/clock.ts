/** Server time in the page: an offset to the browser's monotonic clock, and one tick that all shown clocks share. */

import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

/** A sample is good when the answer took less than this. */
const GOOD_RTT_MS = 400
/** A beat that disagrees by more than this replaces the offset: the machine slept, or a clock was set. */
const DRIFT_MS = 1_500

export const useClock = defineStore('clock', () => {
  /** Server milliseconds minus `performance.now()`; before the first sample the browser's own clock stands in. */
  const offsetMs = ref(Date.now() - performance.now())
  const sampled = ref(false)
  /** Server time in ms, renewed at the turn of each server second; what every shown clock is drawn from. */
  const nowMs = ref(Date.now())

  const serverNow = () => performance.now() + offsetMs.value

  function sample(nowIso: string, rttMs: number): void {
    const measured = Date.parse(nowIso) + rttMs / 2 - performance.now()
    if (Number.isNaN(measured)) return
    if (!sampled.value || rttMs < GOOD_RTT_MS || Math.abs(measured - offsetMs.value) > DRIFT_MS) {
      offsetMs.value = measured
      sampled.value = true
      nowMs.value = serverNow()
    }
  }

  function heard(nowIso: string): void {
    const measured = Date.parse(nowIso) - performance.now()
    if (!sampled.value || Math.abs(measured - offsetMs.value) > DRIFT_MS) sample(nowIso, 0)
  }

  /** Ticks at each server second; a hidden page is right again on its first tick. Returns the stop. */
  function run(): () => void {
    let timer = 0
    const tick = () => {
      nowMs.value = serverNow()
      timer = window.setTimeout(tick, 1_005 - (nowMs.value % 1_000))
    }
    const wake = () => {
      if (document.visibilityState === 'visible') nowMs.value = serverNow()
    }
    document.addEventListener('visibilitychange', wake)
    tick()
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', wake)
    }
  }

  return { nowMs, sampled: computed(() => sampled.value), serverNow, sample, heard, run }
})
