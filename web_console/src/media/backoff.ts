/** Waiting times between tries: doubling from the first, never above the last, never giving up. */

export function backoffMs(attempt: number, firstMs = 400, lastMs = 5_000): number {
  return Math.min(lastMs, firstMs * 2 ** Math.max(0, attempt - 1))
}
