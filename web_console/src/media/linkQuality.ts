/** Bars and words for an uplink. Pure. */

import type { SourceStats } from '@/wire/events'

/** Statistics older than this say nothing about now. */
export const STATS_FRESH_MS = 6_000

export function barsOf(stats: Pick<SourceStats, 'bitrate_bps' | 'loss_pct'> | undefined): number {
  if (!stats || stats.bitrate_bps < 1_000) return 0
  if (stats.loss_pct >= 10) return 1
  if (stats.loss_pct >= 4) return 2
  return stats.loss_pct >= 1.5 || stats.bitrate_bps < 250_000 ? 3 : 4
}

export function formatRate(bps: number): string {
  return bps >= 1_000_000 ? `${(bps / 1_000_000).toFixed(1)} Mbps` : `${Math.round(bps / 1000)} kbps`
}
