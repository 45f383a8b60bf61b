/** The audio slots' elements, and the browser's leave to sound: granted by the first gesture on the page. */

import { ref } from 'vue'

export class Loudspeaker {
  /** True while the browser refuses to play before a gesture. */
  readonly blocked = ref(false)
  private readonly elements = new Map<string, HTMLAudioElement>()
  private level = 1

  /** Plays the track of the m-line; a later track on the same m-line takes its place. */
  attach(mid: string, track: MediaStreamTrack): void {
    const element = this.elements.get(mid) ?? new Audio()
    element.srcObject = new MediaStream([track])
    element.volume = this.level
    this.elements.set(mid, element)
    this.play(element)
  }

  /** 0…1; lowered while the own microphone is open, so that the room does not hear itself. */
  setLevel(level: number): void {
    this.level = level
    for (const element of this.elements.values()) element.volume = level
  }

  /** Tries again inside a gesture. */
  unlock(): void {
    for (const element of this.elements.values()) if (element.paused) this.play(element)
  }

  clear(): void {
    for (const element of this.elements.values()) element.srcObject = null
    this.elements.clear()
    this.blocked.value = false
  }

  private play(element: HTMLAudioElement): void {
    element.play().then(
      () => {
        this.blocked.value = false
      },
      (reason: unknown) => {
        if (reason instanceof DOMException && reason.name === 'NotAllowedError') this.blocked.value = true
      },
    )
  }
}
