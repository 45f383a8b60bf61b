/** Press-and-hold on a button, by finger or by key; the release always comes, whatever takes the pointer away. */

import { onBeforeUnmount, ref } from 'vue'

export function useHolding(on: () => void, off: () => void) {
  const held = ref(false)
  function press(): void {
    if (held.value) return
    held.value = true
    on()
  }
  function release(): void {
    if (!held.value) return
    held.value = false
    off()
  }
  const listeners = {
    pointerdown: (event: PointerEvent) => {
      ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
      press()
    },
    pointerup: release,
    pointercancel: release,
    lostpointercapture: release,
    contextmenu: (event: Event) => {
      event.preventDefault()
    },
    keydown: (event: KeyboardEvent) => {
      if (event.key !== ' ' && event.key !== 'Enter') return
      event.preventDefault()
      press()
    },
    keyup: (event: KeyboardEvent) => {
      if (event.key === ' ' || event.key === 'Enter') release()
    },
    blur: release,
  }
  onBeforeUnmount(release)
  return { held, listeners, release }
}
