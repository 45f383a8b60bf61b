import { describe, expect, it } from 'vitest'

import { languageFor } from '@/i18n/language'

describe('the language of a page', () => {
  it('is English where a browser asks for English and for no Chinese', () => {
    expect(languageFor(null, ['en-GB', 'en', 'fr'])).toBe('en')
    expect(languageFor(null, ['de', 'en'])).toBe('en')
  })

  it('is Chinese for everyone else', () => {
    for (const preferred of [['zh-CN', 'en'], ['en-US', 'zh-TW'], ['en', 'yue-HK'], ['fr', 'de'], []]) expect(languageFor(null, preferred), preferred.join()).toBe('zh')
  })

  it('is the one that was chosen, whatever the browser asks for', () => {
    expect([languageFor('zh', ['en']), languageFor('en', ['zh-CN']), languageFor('xx', ['zh-CN'])]).toEqual(['zh', 'en', 'zh'])
  })
})
