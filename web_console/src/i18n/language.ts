/** Which language the page speaks: the `lang` cookie, which the hub reads too. Chinese unless chosen otherwise. */

import { ref } from 'vue'

export type Language = 'zh' | 'en'

export function currentLanguage(): Language {
  return /(?:^|;\s*)lang=en\b/.test(document.cookie) ? 'en' : 'zh'
}

export const language = ref<Language>('zh')

/** Which of two names the page shows; a name that has no English form stays as it is. */
export const inLanguage = (name: string, nameEn: string | null | undefined): string => (language.value === 'en' && nameEn ? nameEn : name)

export function setLanguage(wanted: Language): void {
  language.value = wanted
  document.cookie = `lang=${wanted}; path=/; max-age=31536000; samesite=lax`
  document.documentElement.lang = wanted === 'en' ? 'en' : 'zh-CN'
}
