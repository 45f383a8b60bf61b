import { describe, expect, it } from 'vitest'

import { commandKey } from '@/console/dialogs/commandKey'

describe('the key of a form', () => {
  it('is the same for every try of the same content', () => {
    const key = commandKey()
    expect(key({ place: '东门' })).toBe(key({ place: '东门' }))
  })

  it('is another one for a changed form: that is a new command', () => {
    const key = commandKey()
    const first = key({ place: '东门' })
    expect(key({ place: '西门' })).not.toBe(first)
    expect(key({ place: '东门' })).toBe(first)
  })
})
