/** State of a deadline at an instant: four codes hang on it (hue, glyph, stroke, words). Server time decides. */

import type { ClockView } from '@/wire/views'

export type SlaState = 'calm' | 'warn' | 'urgent' | 'breach' | 'done'

export interface SlaReading {
  state: SlaState
  /** Milliseconds to the deadline; negative once it has passed; when stopped, what was left then. */
  remainingMs: number
  /** Milliseconds from start to now, or to the stop. */
  usedMs: number
  /** Share of the time that is left, 0…1: the length of the ring. */
  left: number
  /** Stopped, but only after the deadline. */
  late: boolean
}

export const WARN_AT = 0.5
export const URGENT_AT = 0.8

export function readSla(clock: ClockView, nowMs: number): SlaReading {
  const started = Date.parse(clock.started_at)
  const due = Date.parse(clock.due_at)
  const at = clock.stopped_at === null ? nowMs : Date.parse(clock.stopped_at)
  const whole = Math.max(1, due - started)
  const usedMs = Math.max(0, at - started)
  const remainingMs = due - at
  const used = usedMs / whole
  const running: SlaState = remainingMs < 0 ? 'breach' : used >= URGENT_AT ? 'urgent' : used >= WARN_AT ? 'warn' : 'calm'
  return {
    state: clock.stopped_at === null ? running : 'done',
    remainingMs,
    usedMs,
    left: Math.min(1, Math.max(0, remainingMs / whole)),
    late: clock.stopped_at !== null && remainingMs < 0,
  }
}

/** `mm:ss` below an hour, `h:mm:ss` from there on; never negative. */
export function formatSpan(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(total / 3600)
  const rest = `${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`
  return hours ? `${hours}:${rest}` : rest
}

/** What a clock shows: the time left rounded up, or `+mm:ss` beyond the deadline. */
export function formatRemaining(remainingMs: number): string {
  return remainingMs >= 0 ? formatSpan(Math.ceil(remainingMs / 1000) * 1000) : `+${formatSpan(-remainingMs)}`
}

const ORDER: Record<SlaState, number> = { breach: 0, urgent: 1, warn: 2, calm: 3, done: 4 }

/** Least time left first; stopped clocks after running ones. */
export function compareSla(a: SlaReading, b: SlaReading): number {
  const stopped = Number(a.state === 'done') - Number(b.state === 'done')
  return stopped || a.remainingMs - b.remainingMs
}

export const worse = (a: SlaState, b: SlaState): SlaState => (ORDER[a] <= ORDER[b] ? a : b)
