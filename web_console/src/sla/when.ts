/** Instants as people read them; the page's clock is given, never asked for. */

const two = (n: number) => String(n).padStart(2, '0')

/** `hh:mm:ss` in the viewer's own zone. */
export function timeOfDay(at: string | number): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `MM-DD hh:mm` in the viewer's own zone: when something ends that lasts for days. */
export function dayAndTime(at: string | number): string {
  const date = new Date(at)
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

export type Age = { key: 'age.seconds' | 'age.minutes' | 'age.hours'; n: number }

/** How long ago, in one unit. */
export function ageOf(at: string, nowMs: number): Age {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(at)) / 1000))
  if (seconds < 60) return { key: 'age.seconds', n: seconds }
  if (seconds < 3600) return { key: 'age.minutes', n: Math.floor(seconds / 60) }
  return { key: 'age.hours', n: Math.floor(seconds / 3600) }
}
