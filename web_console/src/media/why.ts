/** Why a picture is bad: one verdict from what sender, server, network and this device say. Pure. */

import type { Received } from '@/media/received'

export type Verdict = 'fine' | 'sender_uplink' | 'sender_device' | 'server' | 'my_downlink' | 'this_device' | 'unknown'

export interface Uplink {
  lossPct: number
  /** What repair did not bring either. */
  missingPct: number
  bitrateBps: number
  rttMs: number | null
  height: number | null
  /** What the sender's own browser says keeps its picture from being better; null where it does not say. */
  limited: string | null
}
export interface Downlink {
  /** Between the server and this page only. */
  lossPct: number | null
  rttMs: number | null
  jitterMs: number | null
  /** Less is sent than fits the place, because the network here, or the server, carries no more. */
  held: boolean
  height: number | null
  /** What the way is believed to carry; null while it has shown no limit. */
  availableBps: number | null
}
export interface Server {
  cpu: number
  lagMs: number
  /** Packets that the system did not take, within two seconds. */
  dropped: number
  /** It gives up pictures for everyone, because it is busy. */
  saving: boolean
}
export interface Facts {
  /** Nobody looks at the page: what it does not show is nobody's fault. */
  hidden: boolean
  seen: Received | null
  sound: Received | null
  uplink: Uplink | null
  downlink: Downlink | null
  server: Server | null
}

/** Each limit is where people begin to notice. */
export const LIMITS = {
  lossPct: 5,
  missingPct: 1.5,
  frozenShare: 0.06,
  concealedPct: 6,
  droppedShare: 0.25,
  /** Share of the time between two frames that decoding one takes. */
  decodeShare: 0.9,
  rttMs: 900,
  /** What comes in bursts is dropped because it came late, not because it was decoded late. */
  jitterMs: 60,
  /** Longer than a jitter buffer waits; from half of it on, it is to blame for what stands. */
  lagMs: 200,
  /** In two seconds. */
  serverDropped: 20,
  cpu: 0.97,
  /** A picture that its sender made smaller than this is seen to be small. */
  smallHeight: 480,
  smallBps: 350_000,
} as const

/** What people notice, whoever is to blame. */
export interface Effect {
  frozen: boolean
  choppy: boolean
  small: boolean
}

export function effectOf({ seen, sound, uplink, downlink }: Facts): Effect {
  return {
    frozen: seen !== null && seen.frozenMs / 1000 / seen.seconds >= LIMITS.frozenShare,
    choppy: sound !== null && sound.concealedPct >= LIMITS.concealedPct,
    small: (downlink?.held ?? false) || (uplink !== null && isSmall(uplink) && (uplink.limited === 'bandwidth' || uplink.limited === 'cpu')),
  }
}

const isSmall = (uplink: Uplink) => (uplink.height !== null && uplink.height < LIMITS.smallHeight) || uplink.bitrateBps < LIMITS.smallBps

/** How far beyond its limit each part is: 1 is at the limit. */
function strains(facts: Facts) {
  const { seen, uplink, downlink, server } = facts
  const small = uplink !== null && isSmall(uplink)
  const inTime = (downlink?.jitterMs ?? 0) < LIMITS.jitterMs
  const framesPerS = seen ? seen.frames / seen.seconds : 0
  return {
    server: server ? Math.max(server.lagMs / LIMITS.lagMs, server.dropped / LIMITS.serverDropped, server.saving && downlink?.held ? 1 : 0) : 0,
    uplink: uplink ? Math.max(uplink.lossPct / LIMITS.lossPct, uplink.missingPct / LIMITS.missingPct, small && uplink.limited === 'bandwidth' ? 1 : 0) : 0,
    senderDevice: small && uplink.limited === 'cpu' ? 1 : 0,
    downlink: downlink ? Math.max((downlink.lossPct ?? 0) / LIMITS.lossPct, (downlink.rttMs ?? 0) / LIMITS.rttMs, downlink.held ? 1 : 0) : 0,
    device: seen && seen.frames + seen.dropped > 0
      ? Math.max(inTime ? seen.dropped / (seen.frames + seen.dropped) / LIMITS.droppedShare : 0, (seen.decodeMs * framesPerS) / 1000 / LIMITS.decodeShare)
      : 0,
  }
}

/**
 * A server that is late makes both networks look bad, and a bad network makes a device drop what comes too late: so the
 * server is asked first, then the networks, of which the worse one counts, and this device after all of them.
 */
export function judge(facts: Facts): Verdict {
  if (facts.hidden) return 'fine'
  const strain = strains(facts)
  if (strain.server >= 1) return 'server'
  if (Math.max(strain.uplink, strain.downlink) >= 1) return strain.uplink >= strain.downlink ? 'sender_uplink' : 'my_downlink'
  if (strain.senderDevice >= 1) return 'sender_device'
  if (strain.device >= 1) return 'this_device'
  const { frozen, choppy } = effectOf(facts)
  if (!frozen && !choppy) return 'fine'
  // Something is wrong, and nobody is beyond the limit: whoever is nearest to it, if near at all.
  if (strain.server >= 0.5 || (facts.server?.cpu ?? 0) >= LIMITS.cpu) return 'server'
  if (Math.max(strain.uplink, strain.downlink) >= 0.4) return strain.uplink >= strain.downlink ? 'sender_uplink' : 'my_downlink'
  return strain.device >= 0.6 ? 'this_device' : 'unknown'
}

/** A verdict is shown when it has held for a while, and stays until another has: a word that flickers is not read. */
export class Steady<V extends string> {
  private candidate: V
  private times = 0

  /**
   * @param fine what is shown at first, and when nothing is wrong.
   * @param appear how often in a row something must be wrong before it is shown; what is shown then is the last of these.
   * @param change how often in a row another verdict must come, fine ones included, before it takes the place of a shown one.
   */
  constructor(private readonly fine: V, private readonly appear = 2, private readonly change = 3, public shown: V = fine) {
    this.candidate = fine
  }

  note(verdict: V): V {
    const wrong = this.shown === this.fine && verdict !== this.fine && this.candidate !== this.fine
    this.times = verdict === this.candidate || wrong ? this.times + 1 : 1
    this.candidate = verdict
    if (verdict !== this.shown && this.times >= (this.shown === this.fine ? this.appear : this.change)) {
      this.shown = verdict
      this.times = 0
    }
    return this.shown
  }
}
