/** Runs a command and says in a sentence why it did not work. */

import { useI18n } from 'vue-i18n'

import { refusalText } from '@/i18n/refusalText'
import { useNotices } from '@/state/notices'
import { useSession } from '@/state/session'
import { asRefusal } from '@/wire/refusal'

export function useAttempt() {
  const { t } = useI18n()
  const notices = useNotices()
  const session = useSession()
  /** The result, or undefined after the reason was shown. */
  return async function attempt<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      return await command()
    } catch (reason) {
      const refusal = asRefusal(reason)
      notices.say(refusalText(refusal, t), 'warn')
      if (refusal.kind === 'signed_out') session.leave()
      // Another tab may have signed in since.
      if (refusal.code === 'csrf_missing') void session.look()
      return undefined
    }
  }
}
