/**
 * Words that somebody typed, fit to be put into a sentence: whatever direction they are written in, or claim to be (U+202E),
 * ends with them. By Unicode's first-strong isolate (UAX #9); ordinary words stay as they are.
 */

const ISOLATES = /[\u2066-\u2069]/g
/** Right-to-left scripts and the marks that change direction. */
const TURNS = /[\u0590-\u08ff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]|[\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

export const isolated = (text: string): string => (TURNS.test(text) ? `\u2068${text.replace(ISOLATES, '')}\u2069` : text)

/** The same for everything that fills a sentence. */
export function isolatedValues(value: unknown): unknown {
  if (typeof value === 'string') return isolated(value)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, filling]) => [name, isolatedValues(filling)]))
}
