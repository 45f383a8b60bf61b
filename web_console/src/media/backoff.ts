/** Waiting times between tries: doubling from the first, never above the last, never giving up. */

export function backoffMs(attempt: number, firstMs = 400, lastMs = 5_000): number {
  return Math.min(lastMs, firstMs * 2 ** Math.max(0, attempt - 1))
}

/**
 * There is no room for one more connection. A person's own places get free when somebody closes a page; a server that is as
 * busy as it may be says so for some seconds, or until somebody leaves.
 */
const CROWDED: Record<string, readonly [firstMs: number, lastMs: number]> = { too_many_connections: [10_000, 60_000], media_full: [3_000, 30_000] }

export const isCrowded = (code: string): boolean => code in CROWDED

/** As `backoffMs`, but slow where a quick try could not hold. */
export function retryWaitMs(code: string, attempt: number, firstMs: number, lastMs: number): number {
  return backoffMs(attempt, ...(CROWDED[code] ?? [firstMs, lastMs]))
}
