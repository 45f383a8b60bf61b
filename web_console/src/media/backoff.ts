/** Waiting times between tries: doubling from the first, never above the last, never giving up. */

export function backoffMs(attempt: number, firstMs = 400, lastMs = 5_000): number {
  return Math.min(lastMs, firstMs * 2 ** Math.max(0, attempt - 1))
}

/** There is no room for one more connection; that changes when somebody closes a page, not within a second. */
const CROWDED = new Set(['too_many_connections', 'media_full'])
const CROWDED_FIRST_MS = 10_000
const CROWDED_LAST_MS = 60_000

export const isCrowded = (code: string): boolean => CROWDED.has(code)

/** As `backoffMs`, but slow where a quick try could not hold. */
export function retryWaitMs(code: string, attempt: number, firstMs: number, lastMs: number): number {
  return isCrowded(code) ? backoffMs(attempt, CROWDED_FIRST_MS, CROWDED_LAST_MS) : backoffMs(attempt, firstMs, lastMs)
}
