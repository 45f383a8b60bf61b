/** The page's line to the hub: the socket, the beat, and how long either has been missing. */

import { defineStore } from 'pinia'
import { computed, markRaw, ref } from 'vue'

import { useClock } from '@/state/clock'
import { ask, openSocket } from '@/wire/socket'

/** A console that hears no completed timekeeper cycle for this long raises the alarm itself. */
const BEAT_LIMIT_MS = 30_000
/** After this the health line already says that the timekeeper is late. */
const BEAT_LATE_MS = 8_000
const CLOCK_EVERY_MS = 30_000

export const useLink = defineStore('link', () => {
  const socket = markRaw(openSocket())
  const clock = useClock()
  const connected = ref(false)
  const attempt = ref(0)
  /** Browser-monotonic moments in server ms, so that they can be compared with `clock.nowMs`. */
  const downSince = ref<number | null>(null)
  const lastBeat = ref<number | null>(null)
  /** Why the hub would not have the page's socket, as its stable code; null while it is merely unreachable. */
  const refusedCode = ref<string | null>(null)

  async function readClock(): Promise<void> {
    const asked = performance.now()
    const reply = await ask(socket, 'clock', {})
    clock.sample(reply.now, performance.now() - asked)
  }

  socket.on('connect', () => {
    connected.value = true
    refusedCode.value = null
    attempt.value = 0
    downSince.value = null
    void readClock().catch(() => undefined)
  })
  socket.on('disconnect', (reason) => {
    connected.value = false
    downSince.value ??= clock.serverNow()
    if (reason === 'io server disconnect') socket.connect()
  })
  socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
    downSince.value ??= clock.serverNow()
    refusedCode.value = error.data?.code ?? null
  })
  socket.io.on('reconnect_attempt', (count) => {
    attempt.value = count
  })
  socket.on('beat', ({ now }) => {
    clock.heard(now)
    lastBeat.value = clock.serverNow()
  })

  let timer = 0
  let opened = false
  let closed = false
  function open(): void {
    opened = true
    closed = false
    lastBeat.value = clock.serverNow()
    socket.connect()
    clearInterval(timer)
    timer = window.setInterval(() => void readClock().catch(() => undefined), CLOCK_EVERY_MS)
    window.addEventListener('online', retryNow)
  }
  function close(): void {
    closed = true
    clearInterval(timer)
    window.removeEventListener('online', retryNow)
    socket.disconnect()
  }
  /** Open again if it was only closed. */
  function reopen(): void {
    if (opened && closed) open()
  }
  /** Goes on under the session that the page has now: the one that the socket began with is over. */
  function renew(): void {
    if (!socket.active) return
    socket.disconnect()
    socket.connect()
  }
  /** Tries at once instead of waiting for the back-off. */
  function retryNow(): void {
    if (socket.connected) return
    socket.disconnect()
    socket.connect()
  }

  const silentMs = computed(() => (lastBeat.value === null ? 0 : Math.max(0, clock.nowMs - lastBeat.value)))
  const beatLate = computed(() => silentMs.value > BEAT_LATE_MS)
  /** True when nobody watches the deadlines as far as this page can tell. */
  const beatLost = computed(() => silentMs.value > BEAT_LIMIT_MS)
  const downMs = computed(() => (downSince.value === null ? 0 : Math.max(0, clock.nowMs - downSince.value)))

  return { socket, connected, attempt, refusedCode, downMs, silentMs, beatLate, beatLost, open, close, reopen, renew, retryNow }
})
