/** The idempotency key of a form: the same for the same content, however often it is sent; another for another content. */

import { newKey } from '@/wire/http'

export function commandKey(make: () => string = newKey): (content: unknown) => string {
  const keys = new Map<string, string>()
  return (content) => {
    const typed = JSON.stringify(content)
    const key = keys.get(typed) ?? make()
    keys.set(typed, key)
    return key
  }
}
