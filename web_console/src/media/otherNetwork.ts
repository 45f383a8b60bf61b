/** When the device is on another network: long before packets have stayed away for so long that a path counts as dead. */

/** Several events tell of one change. */
const GATHER_MS = 200

interface NetworkInformation extends EventTarget {
  type?: string
}

/** `changed` is called after each change, until it is forgotten. */
export function onOtherNetwork(changed: () => void): { forget: () => void } {
  const information = (navigator as Navigator & { connection?: NetworkInformation }).connection
  let kind = information?.type
  let timer = 0
  const soon = () => {
    clearTimeout(timer)
    timer = window.setTimeout(changed, GATHER_MS)
  }
  // The event also tells of better and worse reception; only another kind of network is another way.
  const onInformation = () => {
    if (information?.type !== kind) soon()
    kind = information?.type
  }
  window.addEventListener('online', soon)
  information?.addEventListener('change', onInformation)
  return {
    forget: () => {
      clearTimeout(timer)
      window.removeEventListener('online', soon)
      information?.removeEventListener('change', onInformation)
    },
  }
}
