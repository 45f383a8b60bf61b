/** Repeats a command until it holds, waiting longer each time, and can say which try is next and when. */

import { ref } from 'vue'

import { backoffMs } from '@/media/backoff'

export interface Pace { firstMs: number; lastMs: number }

/**
 * @param command true: it holds, or nothing can be done any more; false: it is to be tried again. It does not throw.
 *   A command that is under way when `stop` or `begin` is called is not repeated on its own account.
 */
export function useTries(command: () => Promise<boolean>, { firstMs, lastMs }: Pace) {
  /** How many tries have begun since `begin`. */
  const attempt = ref(0)
  /** `performance.now()` of the next try; null while one is under way or nothing is wanted. */
  const nextTryAt = ref<number | null>(null)
  const wanted = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let round = 0

  async function go(): Promise<void> {
    if (!wanted.value || running) return
    clearTimeout(timer)
    nextTryAt.value = null
    attempt.value += 1
    running = true
    const own = round
    const held = await command()
    running = false
    if (own !== round) return void go()
    if (held) {
      stop()
      return
    }
    const wait = backoffMs(attempt.value, firstMs, lastMs)
    nextTryAt.value = performance.now() + wait
    timer = setTimeout(() => void go(), wait)
  }
  function stop(): void {
    clearTimeout(timer)
    wanted.value = false
    nextTryAt.value = null
    attempt.value = 0
    round += 1
  }
  return {
    attempt, nextTryAt, wanted, stop,
    /** From the start, at once; what is under way counts no more. */
    begin: (): Promise<void> => {
      stop()
      wanted.value = true
      return go()
    },
    /** At once instead of after the wait. */
    now: (): Promise<void> => go(),
  }
}
