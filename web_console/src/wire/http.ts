/** Requests to the hub: session cookie, CSRF header, language, one idempotency key per intention, a limit on waiting. */

import { Refusal, refusalOf } from '@/wire/refusal'

const REQUEST_LIMIT_MS = 10_000

export interface Caller {
  csrf: string | null
  lang: string
}

/** Who is calling; the session store writes it, every request reads it. */
export const caller: Caller = { csrf: null, lang: 'zh' }

export interface RequestOptions {
  body?: unknown
  /** The same key on a retry makes the hub answer as it did the first time. */
  idempotencyKey?: string
  limitMs?: number
}

/** 128 random bits as hex; `crypto.randomUUID` is missing on a plain-http LAN address. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function headersFor(method: string, options: RequestOptions): Headers {
  const headers = new Headers({ Accept: 'application/json', 'Accept-Language': caller.lang })
  if (options.body !== undefined) headers.set('Content-Type', 'application/json')
  if (method !== 'GET' && caller.csrf) headers.set('X-CSRF-Token', caller.csrf)
  if (options.idempotencyKey) headers.set('Idempotency-Key', options.idempotencyKey)
  return headers
}

/** Raises: Refusal, always; a caller never sees a bare fetch error. */
export async function send<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: headersFor(method, options),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(options.limitMs ?? REQUEST_LIMIT_MS),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    })
  } catch (reason) {
    const late = reason instanceof DOMException && reason.name === 'TimeoutError'
    throw new Refusal('offline', late ? 'timeout' : 'offline', '')
  }
  if (!response.ok) throw await refusalOf(response)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

export const get = <T>(path: string) => send<T>('GET', path)
export const post = <T>(path: string, body: unknown = {}, idempotencyKey = newKey()) =>
  send<T>('POST', path, { body, idempotencyKey })
export const patch = <T>(path: string, body: unknown) => send<T>('PATCH', path, { body, idempotencyKey: newKey() })
