/** One Socket.IO connection of the page, speaking msgpack; every ask has a limit on waiting. */

import { io, type Socket } from 'socket.io-client'
import * as msgpack from 'socket.io-msgpack-parser'

import type { Ack, HubToPage, PageToHub } from '@/wire/events'
import { Refusal } from '@/wire/refusal'

export type HubSocket = Socket<HubToPage, PageToHub>

const ASK_LIMIT_MS = 8_000

/** A socket that does not connect until told to, and then retries for ever with 0.3–1.3 s between tries: an operator waits for it. */
export function openSocket(): HubSocket {
  return io({
    path: '/socket.io',
    autoConnect: false,
    transports: ['websocket', 'polling'],
    parser: msgpack,
    reconnectionDelay: 300,
    reconnectionDelayMax: 1_000,
    randomizationFactor: 0.3,
    timeout: 3_000,
  })
}

type Asked<E extends keyof PageToHub> = Parameters<PageToHub[E]>[0]
type Replied<E extends keyof PageToHub> =
  Parameters<PageToHub[E]>[1] extends (ack: infer A) => void ? Extract<A, { ok: true }> : never

/** Raises: Refusal. An ask on a broken connection fails at once instead of waiting in a buffer. */
export async function ask<E extends keyof PageToHub>(socket: HubSocket, event: E, request: Asked<E>): Promise<Replied<E>> {
  if (!socket.connected) throw new Refusal('offline', 'offline', '')
  let ack: Ack<object>
  try {
    const untyped = socket.timeout(ASK_LIMIT_MS) as unknown as {
      emitWithAck: (event: string, request: unknown) => Promise<Ack<object>>
    }
    ack = await untyped.emitWithAck(event, request)
  } catch {
    throw new Refusal('offline', 'timeout', '')
  }
  if (!ack.ok) throw new Refusal(ack.code === 'not_signed_in' ? 'signed_out' : 'refused', ack.code, ack.message)
  return ack as Replied<E>
}
