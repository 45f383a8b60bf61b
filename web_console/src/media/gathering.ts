/** Resolves when ICE candidates are gathered, or after the limit with those found by then. */
export function gathered(connection: RTCPeerConnection, limitMs = 500): Promise<void> {
  if (connection.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(finish, limitMs)
    function finish(): void {
      clearTimeout(timer)
      connection.removeEventListener('icegatheringstatechange', look)
      resolve()
    }
    function look(): void {
      if (connection.iceGatheringState === 'complete') finish()
    }
    connection.addEventListener('icegatheringstatechange', look)
  })
}
