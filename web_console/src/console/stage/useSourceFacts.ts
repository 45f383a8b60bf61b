/** What is known of a source now: link, position age, whether it talks. */

import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

import { nameOfCodec } from '@/media/codecNames'
import { barsOf, formatRate, STATS_FRESH_MS } from '@/media/linkQuality'
import type { Source } from '@/media/sources'
import { useSubscriber } from '@/media/subscriber'
import { formatSpan } from '@/sla/sla'
import { ageOf } from '@/sla/when'
import { useClock } from '@/state/clock'
import { useDirectory } from '@/state/directory'

/** Up to this long a cut source is said to be reconnecting; after it, to be gone. */
const RECONNECTING_MS = 30_000

export function useSourceFacts(source: () => Source) {
  const { t } = useI18n()
  const media = useSubscriber()
  const clock = useClock()
  const directory = useDirectory()

  const stats = computed(() => {
    void clock.nowMs
    const found = media.stats.get(source().id)
    return found && performance.now() - found.heardMs < STATS_FRESH_MS && source().state === 'live' ? found : undefined
  })
  const cutMs = computed(() => {
    const { since, state } = source()
    return state === 'interrupted' && since ? clock.nowMs - Date.parse(since) : 0
  })
  return {
    stats,
    bars: computed(() => barsOf(stats.value)),
    rate: computed(() => (stats.value ? formatRate(stats.value.bitrate_bps) : '—')),
    talking: computed(() => media.speaking.has(source().id)),
    who: computed(() => [source().owner && source().owner !== source().name ? source().owner : directory.agencyName(source().agencyId), t(`kind.${source().kind}`)].filter(Boolean).join(' · ')),
    age: computed(() => {
      const position = source().position
      if (!position) return ''
      const age = ageOf(position.at, clock.nowMs)
      return t(age.key, { n: age.n })
    }),
    /** Why there is no picture now; empty when there is one. */
    cut: computed(() => {
      if (source().state !== 'interrupted') return ''
      return cutMs.value > RECONNECTING_MS ? t('stage.cutFor', { time: formatSpan(cutMs.value) }) : t('stage.interrupted', { time: formatSpan(cutMs.value) })
    }),
    undecodable: computed(() => nameOfCodec(media.undecodable(source().id))),
    still: computed(() => media.still(source().id)),
    mediaCut: computed(() => (media.phase !== 'down' ? '' : media.crowded ? t('stage.notConnected') : t('stage.mediaDown', { n: Math.max(1, media.attempt) }))),
  }
}
