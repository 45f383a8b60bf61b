/** The sentences of a page, in both languages; each entry point brings its own on top of the shared ones. */

import { createI18n } from 'vue-i18n'
import { watch } from 'vue'

import { isolatedValues } from '@/i18n/isolate'
import { en, zh, type Shared } from '@/i18n/shared'
import { currentLanguage, language, speak } from '@/i18n/language'

type Tree = { [key: string]: string | string[] | Tree }

export function makeI18n<T extends Tree>(own: { zh: T; en: T }) {
  speak(currentLanguage())
  const i18n = createI18n({
    legacy: false,
    locale: language.value,
    fallbackLocale: 'zh',
    messages: { zh: { ...zh, ...own.zh } as Shared & T, en: { ...en, ...own.en } as Shared & T },
  })
  // Every sentence of every page is made here, so no name or title can turn the words after it.
  const composer = i18n.global as unknown as { t: (key: string, ...fillings: unknown[]) => string }
  const say = composer.t
  composer.t = (key, ...fillings) => say(key, ...fillings.map(isolatedValues))
  watch(language, (wanted) => {
    ;(i18n.global.locale as unknown as { value: string }).value = wanted
  })
  return i18n
}
