/** What the hub would refuse of a new password, told before it is sent. Pure; the limits are those of `SetPassword`. */

export const LEAST = 10
export const MOST = 256

export type Problem = 'short' | 'long' | 'different'

/** The hub counts characters as Python does, by code point. */
const lengthOf = (text: string) => [...text].length

export function problemOf(password: string, again: string): Problem | null {
  if (lengthOf(password) < LEAST) return 'short'
  if (lengthOf(password) > MOST) return 'long'
  return password === again ? null : 'different'
}
