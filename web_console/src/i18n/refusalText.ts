/** A refusal as a sentence: the hub's own words where it gave some, else ours. */

import { asRefusal } from '@/wire/refusal'

export function refusalText(reason: unknown, t: (key: string) => string): string {
  const refusal = asRefusal(reason)
  if (refusal.code === 'timeout') return t('refusal.timeout')
  if (refusal.kind === 'offline') return t('refusal.offline')
  if (refusal.code.startsWith('device_') || refusal.code === 'insecure') return t(`refusal.${refusal.code}`)
  if (refusal.code === 'unexpected') return t('refusal.unexpected')
  if (refusal.message) return refusal.message
  return t(refusal.kind === 'signed_out' ? 'refusal.signed_out' : 'refusal.broken')
}
