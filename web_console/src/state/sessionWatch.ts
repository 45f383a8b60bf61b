/** Notices that the browser's session is another one by now: another tab signed in or out. Once per page. */

import { onBeforeUnmount, onMounted, watch } from 'vue'

import { useLink } from '@/state/link'
import { useSession } from '@/state/session'

export function useSessionWatch(): void {
  const session = useSession()
  const link = useLink()

  /** The socket must not come back by itself: it would be that of whoever is signed in now. */
  const ended = ({ code }: { code: string }) => {
    link.close()
    void session.look(code)
  }
  const seen = () => {
    if (document.visibilityState === 'visible') void session.look()
  }
  let connectedBefore = false
  watch(() => link.connected, (connected) => {
    if (connected && connectedBefore) void session.look()
    connectedBefore ||= connected
  })
  watch(() => link.refusedCode, (code) => {
    if (code === 'not_signed_in') session.leave()
  })
  link.socket.on('session_ended', ended)
  onMounted(() => {
    document.addEventListener('visibilitychange', seen)
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', seen)
    link.socket.off('session_ended', ended)
  })
}
