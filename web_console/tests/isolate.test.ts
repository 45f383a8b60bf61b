import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { makeI18n } from '@/i18n'
import { isolated } from '@/i18n/isolate'

const OVERRIDE = '\u202e'

describe('words that somebody typed', () => {
  it('stay as they are where they turn nothing', () => {
    for (const words of ['水管爆裂 · East gate', '', '👩‍👩‍👧‍👦 07:14 <b>']) expect(isolated(words)).toBe(words)
  })

  it('cannot turn what follows them', () => {
    expect(isolated(`a${OVERRIDE}b`)).toBe(`\u2068a${OVERRIDE}b\u2069`)
    expect(isolated('مرحبا')).toBe('\u2068مرحبا\u2069')
  })

  it('cannot break out of their isolate', () => {
    expect(isolated(`a\u2069${OVERRIDE}b`)).toBe(`\u2068a${OVERRIDE}b\u2069`)
  })
})

describe('every sentence of a page', () => {
  beforeEach(() => {
    vi.stubGlobal('localStorage', { getItem: () => null })
    vi.stubGlobal('navigator', { languages: ['zh-CN'] })
    vi.stubGlobal('document', { documentElement: {} })
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('isolates what fills it', () => {
    const { t } = makeI18n({ zh: { received: '接报「{title}」' }, en: { received: 'received “{title}”' } }).global as unknown as { t: (key: string, filling: object) => string }
    expect(t('received', { title: `a${OVERRIDE}` })).toBe(`接报「\u2068a${OVERRIDE}\u2069」`)
    expect(t('received', { title: 'a' })).toBe('接报「a」')
  })
})
