/** A deadline read at the page's shared tick of server time. */

import { computed, type ComputedRef } from 'vue'

import { readSla, type SlaReading } from '@/sla/sla'
import { useClock } from '@/state/clock'
import type { ClockView } from '@/wire/views'

export function useReading(clock: () => ClockView): ComputedRef<SlaReading> {
  const time = useClock()
  return computed(() => readSla(clock(), time.nowMs))
}
