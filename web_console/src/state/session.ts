/** Who is signed in, and the way in and out. */

import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { currentLanguage, language } from '@/i18n/language'
import { useClock } from '@/state/clock'
import { useLink } from '@/state/link'
import { useTries } from '@/state/tries'
import * as commands from '@/wire/commands'
import { caller } from '@/wire/http'
import { asRefusal, type Refusal } from '@/wire/refusal'
import type { Me } from '@/wire/views'

/** displaced: somebody else signed in in this browser; this page is theirs only after a clean start. */
export type SessionPhase = 'asking' | 'out' | 'in' | 'unreachable' | 'displaced'

const REPLACED_TRIES = 5

export const useSession = defineStore('session', () => {
  const phase = ref<SessionPhase>('asking')
  const me = shallowRef<Me | null>(null)
  const refusal = shallowRef<Refusal | null>(null)
  /** The one who signed in instead. */
  const displacedBy = ref('')
  let replaced = false
  let lastPersonId: string | null = null
  /** The one-time link that the page was opened with, until the hub has answered to it. */
  let token: string | null = null

  watch(language, (spoken) => {
    caller.lang = spoken
  })

  /** Somebody else at the same screen starts with a clean page: no task, room or stream of the one before. */
  function enter(answer: Me): void {
    if (lastPersonId !== null && lastPersonId !== answer.person.id) startClean()
    lastPersonId = answer.person.id
    caller.csrf = answer.csrf
    me.value = answer
    refusal.value = null
    useClock().heard(answer.now)
    phase.value = 'in'
  }

  function leave(): void {
    caller.csrf = null
    me.value = null
    phase.value = 'out'
  }

  async function attempt(way: () => Promise<Me>): Promise<boolean> {
    caller.lang = currentLanguage()
    try {
      enter(await way())
      return true
    } catch (reason) {
      refusal.value = asRefusal(reason)
      return false
    }
  }

  /** Whether the hub has answered, with a session or without. */
  async function find(): Promise<boolean> {
    const link = token
    if (link && (await attempt(() => commands.signInByLink(link)))) {
      token = null
      return true
    }
    const linkRefusal = link ? refusal.value : null
    if (await attempt(commands.me)) return true
    const answered = (reason: Refusal | null) => reason?.kind === 'refused' || reason?.kind === 'signed_out'
    if (refusal.value?.kind !== 'signed_out' || (linkRefusal && !answered(linkRefusal))) {
      phase.value = 'unreachable'
      return false
    }
    token = null
    phase.value = 'out'
    refusal.value = linkRefusal
    return true
  }
  const finding = useTries(find, { firstMs: 1_000, lastMs: 10_000 })

  /**
   * Finds out whether there is a session, for as long as the hub is out of reach; a one-time link in the address is
   * used up first and removed.
   */
  async function begin(): Promise<void> {
    token = takeLinkToken() ?? token
    phase.value = 'asking'
    await finding.begin()
  }

  /** What became of the session: the hub ended the one that this page had, or another tab may have. */
  async function compare(): Promise<boolean> {
    const before = me.value
    if (phase.value !== 'in' || !before) return true
    try {
      const answer = await commands.me()
      if (me.value !== before) return true
      if (answer.person.id !== before.person.id) {
        leave()
        displacedBy.value = answer.person.name
        phase.value = 'displaced'
        sessionStorage.clear()
      } else if (answer.person.role !== before.person.role || answer.person.agency_id !== before.person.agency_id) startClean()
      else {
        if (answer.csrf !== before.csrf) {
          enter(answer)
          useLink().renew()
        }
        useLink().reopen()
      }
      return true
    } catch (reason) {
      if (asRefusal(reason).kind !== 'signed_out') return false
      // The word that it was replaced may be here before the other tab has its new cookie.
      if (replaced && looking.attempt.value < REPLACED_TRIES) return false
      leave()
      return true
    }
  }
  const looking = useTries(compare, { firstMs: 500, lastMs: 10_000 })
  /** @param code why the hub ended the session, if it did. */
  const look = (code?: string): Promise<void> => {
    if (looking.wanted.value && replaced && !code) return Promise.resolve()
    replaced = code === 'replaced'
    return looking.begin()
  }

  const signIn = (login: string, password: string) => attempt(() => commands.signIn(login, password))

  /** From now on this password; the page goes on in a session of its own, all others end. Raises: Refusal. */
  async function setPassword(password: string, current?: string): Promise<void> {
    enter(await commands.setPassword(password, current))
    useLink().renew()
  }

  async function signOut(): Promise<void> {
    try {
      await commands.signOut()
    } finally {
      startClean()
    }
  }

  return { phase, me: computed(() => me.value), person: computed(() => me.value?.person ?? null), refusal, displacedBy, begin, findNow: finding.now, look, startClean, signIn, setPassword, signOut, leave }
})

function startClean(): void {
  sessionStorage.clear()
  location.reload()
}

/** The token of `#link=TOKEN`, taken out of the address at once so that it is in no history and no screenshot. */
function takeLinkToken(): string | null {
  const found = /[#&]link=([^&]+)/.exec(location.hash)
  if (!found) return null
  history.replaceState(history.state, '', location.pathname + location.search)
  return decodeURIComponent(found[1] ?? '')
}
