/** Sending orders; what cannot be sent waits with its key, so that it is given once however often it is sent. */

import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

import { useLink } from '@/state/link'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'
import { newKey } from '@/wire/http'
import { asRefusal, type Refusal } from '@/wire/refusal'

interface Waiting { incidentId: string; text: string; departmentIds: string[]; key: string }

/** An order this old is no longer what the scene needs; the oldest is dropped and said so. */
const KEPT = 20

export const useOrders = defineStore('orders', () => {
  const streams = useStreams()
  const link = useLink()
  const waiting = ref<Waiting[]>([])
  /** Why an order that had waited was refused in the end; a new object each time. */
  const refusedLater = shallowRef<Refusal | null>(null)

  async function send(order: Waiting): Promise<'sent' | 'queued'> {
    try {
      streams.put(await commands.giveOrder(order.incidentId, order.text, order.departmentIds, order.key))
      return 'sent'
    } catch (reason) {
      if (asRefusal(reason).kind !== 'offline' || waiting.value.length >= KEPT) throw reason
      waiting.value = [...waiting.value, order]
      return 'queued'
    }
  }
  link.socket.on('connect', () => {
    const orders = waiting.value
    waiting.value = []
    void (async () => {
      for (const order of orders) {
        await send(order).catch((reason: unknown) => {
          refusedLater.value = asRefusal(reason)
        })
      }
    })()
  })
  return {
    waiting, refusedLater,
    /** Raises: Refusal, except while offline: then it waits. */
    give: (incidentId: string, text: string, departmentIds: string[]) => send({ incidentId, text, departmentIds, key: newKey() }),
  }
})
