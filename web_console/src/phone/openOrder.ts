/** The newest order for someone that they have not acknowledged. Pure. */

import type { IncidentView, OrderView } from '@/wire/views'

/** @param atScene orders that name no department are for those at the scene. */
export function openOrder(incident: IncidentView | null, agencyId: string, personId: string, atScene: boolean): OrderView | null {
  const open = (incident?.orders ?? []).filter(
    (order) =>
      (order.department_ids.length ? order.department_ids.includes(agencyId) : atScene) &&
      !order.acknowledged.some((receipt) => receipt.person.id === personId),
  )
  return open.sort((a, b) => b.at.localeCompare(a.at))[0] ?? null
}
