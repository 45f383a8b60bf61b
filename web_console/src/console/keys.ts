/** The seat's keys. F-keys work everywhere; the others not while typing, and none while a dialog is open. Esc leaves a field first. */

import { onBeforeUnmount, onMounted } from 'vue'

export interface KeyActions {
  oneKey: () => void
  talk: (on: boolean) => void
  step: (by: 1 | -1) => void
  stage: (key: number) => void
  map: () => void
  resummon: () => void
  plan: () => void
  newIncident: () => void
  order: () => void
  escape: () => void
  mute: () => void
  help: () => void
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
/** Space presses a button that was reached with Tab; after a click it talks, whatever the click left the focus on. */
const isButton = (target: EventTarget | null) => target instanceof HTMLElement && target.closest('button,[role=tab],a') !== null

export function useKeys(actions: KeyActions): void {
  let talking = false
  let byTab = false
  const pointed = () => {
    byTab = false
  }

  function down(event: KeyboardEvent): void {
    if (event.key === 'Tab') byTab = true
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
    const dialog = document.querySelector('dialog[open]') !== null
    const act = (action: () => void) => {
      event.preventDefault()
      if (!event.repeat) action()
    }
    if (event.key === 'F9') return act(() => dialog || actions.oneKey())
    if (event.key === 'F8') return act(actions.mute)
    if (event.key === 'F1') return act(actions.help)
    if (dialog) return
    if (isTyping(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur()
      return
    }
    if (event.key === 'Escape') return actions.escape()
    if (event.key === ' ') {
      if (byTab && isButton(event.target)) return
      return act(() => {
        talking = true
        actions.talk(true)
      })
    }
    if (/^[1-9]$/.test(event.key)) return act(() => { actions.stage(Number(event.key)) })
    switch (event.key.toLowerCase()) {
      case 'j': return act(() => { actions.step(1) })
      case 'k': return act(() => { actions.step(-1) })
      case 'm': return act(actions.map)
      case 'r': return act(actions.resummon)
      case 'p': return act(actions.plan)
      case 'n': return act(actions.newIncident)
      case '/': return act(actions.order)
    }
  }
  function up(event: KeyboardEvent): void {
    if (event.key !== ' ' || !talking) return
    talking = false
    event.preventDefault()
    actions.talk(false)
  }
  onMounted(() => {
    window.addEventListener('keydown', down)
    window.addEventListener('keyup', up)
    window.addEventListener('pointerdown', pointed)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', down)
    window.removeEventListener('keyup', up)
    window.removeEventListener('pointerdown', pointed)
  })
}
