/** Tones by Web Audio: 440–880 Hz, at most 300 ms each, −18 dBFS, one alarm at a time. */

const LEVEL = 0.126
const NOTE_S = 0.22
const GAP_S = 0.1
const RAMP_S = 0.015

export type Tune = readonly number[]

export const TUNES = {
  warn: [587],
  urgent: [659, 659],
  breach: [880, 740, 880],
  ring: [523, 659, 784],
  beat: [440, 440, 440],
} as const satisfies Record<string, Tune>

export class TonePlayer {
  private context: AudioContext | null = null
  private busyUntil = 0
  private ducked = false

  /** Whether the browser keeps sound back until a gesture. */
  get blocked(): boolean {
    return this.context?.state === 'suspended'
  }

  /** Inside a gesture: lets sound out from now on. */
  async unlock(): Promise<void> {
    this.context ??= new AudioContext()
    if (this.context.state === 'suspended') await this.context.resume()
  }

  /** 12 dB down while somebody talks. */
  duck(on: boolean): void {
    this.ducked = on
  }

  /** Plays unless something plays already. Returns whether it did. */
  play(tune: Tune): boolean {
    this.context ??= new AudioContext()
    const { currentTime, state } = this.context
    if (state !== 'running' || currentTime < this.busyUntil) return false
    let at = currentTime + 0.02
    for (const hertz of tune) {
      this.note(hertz, at)
      at += NOTE_S + GAP_S
    }
    this.busyUntil = at
    return true
  }

  private note(hertz: number, at: number): void {
    if (!this.context) return
    const gain = this.context.createGain()
    const level = this.ducked ? LEVEL / 4 : LEVEL
    gain.gain.setValueAtTime(0, at)
    gain.gain.linearRampToValueAtTime(level, at + RAMP_S)
    gain.gain.setValueAtTime(level, at + NOTE_S - RAMP_S)
    gain.gain.linearRampToValueAtTime(0, at + NOTE_S)
    const source = this.context.createOscillator()
    source.frequency.value = hertz
    source.connect(gain).connect(this.context.destination)
    source.start(at)
    source.stop(at + NOTE_S)
  }
}
