import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'

import { useDrafts } from '@/console/timeline/drafts'

describe('an order being typed', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
  })

  it('stays with its incident', () => {
    const drafts = useDrafts()
    drafts.write('a', '只给 A')
    expect([drafts.of('a'), drafts.of('b')]).toEqual(['只给 A', ''])
  })

  it('is gone once it was sent, unless it was typed on', () => {
    const drafts = useDrafts()
    drafts.write('a', '一')
    drafts.sent('a', '一')
    expect(drafts.of('a')).toBe('')
    drafts.write('a', '一二')
    drafts.sent('a', '一')
    expect(drafts.of('a')).toBe('一二')
  })
})
