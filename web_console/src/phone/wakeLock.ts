/** Keeps the screen on while wanted, and takes the lock again when the page comes back. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null
  let wanted = true
  async function take(): Promise<void> {
    const wake = navigator.wakeLock as WakeLock | undefined
    if (!wanted || !wake || document.visibilityState !== 'visible') return
    try {
      lock = await wake.request('screen')
      if (!wanted) await lock.release()
    } catch {
      // Low battery or no right: the screen goes dark as usual.
    }
  }
  const again = () => void take()
  document.addEventListener('visibilitychange', again)
  void take()
  return () => {
    wanted = false
    document.removeEventListener('visibilitychange', again)
    void lock?.release()
  }
}
