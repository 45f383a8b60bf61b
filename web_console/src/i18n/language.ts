/**
 * Which language the page speaks: the one that its user has chosen; else Chinese, but English for a browser that asks for
 * English and for no Chinese at all. The `lang` cookie tells the hub.
 */

import { ref } from 'vue'

export type Language = 'zh' | 'en'

const CHOSEN = 'liandong.language'
const CHINESE = /^(zh|cmn|yue|wuu|nan|hak)(-|$)/i
const ENGLISH = /^en(-|$)/i

/** @param preferred what the browser asks for, as in `navigator.languages`. */
export function languageFor(chosen: string | null, preferred: readonly string[]): Language {
  if (chosen === 'zh' || chosen === 'en') return chosen
  return preferred.some((tag) => ENGLISH.test(tag)) && !preferred.some((tag) => CHINESE.test(tag)) ? 'en' : 'zh'
}

export const currentLanguage = (): Language => languageFor(localStorage.getItem(CHOSEN), navigator.languages)

export const language = ref<Language>('zh')

/** Which of two names the page shows; a name that has no English form stays as it is. */
export const inLanguage = (name: string, nameEn: string | null | undefined): string => (language.value === 'en' && nameEn ? nameEn : name)

export function speak(wanted: Language): void {
  language.value = wanted
  document.cookie = `lang=${wanted}; path=/; max-age=31536000; samesite=lax`
  document.documentElement.lang = wanted === 'en' ? 'en' : 'zh-CN'
}

/** The user's own choice, which is kept in this browser and wins from now on. */
export function switchLanguage(): void {
  const wanted = language.value === 'zh' ? 'en' : 'zh'
  localStorage.setItem(CHOSEN, wanted)
  speak(wanted)
}
