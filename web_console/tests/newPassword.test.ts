import { describe, expect, it } from 'vitest'

import { problemOf } from '@/account/newPassword'

describe('a new password', () => {
  it('has ten characters or more, counted as the hub counts them', () => {
    expect(problemOf('123456789', '123456789')).toBe('short')
    expect(problemOf('1234567890', '1234567890')).toBeNull()
    expect(problemOf('😀'.repeat(9), '😀'.repeat(9))).toBe('short')
    expect(problemOf('密'.repeat(10), '密'.repeat(10))).toBeNull()
  })

  it('has 256 at most', () => {
    expect(problemOf('a'.repeat(256), 'a'.repeat(256))).toBeNull()
    expect(problemOf('a'.repeat(257), 'a'.repeat(257))).toBe('long')
  })

  it('is typed the same twice, blanks and case included', () => {
    expect(problemOf('a long password', 'a long password ')).toBe('different')
    expect(problemOf('a long password', 'A long password')).toBe('different')
  })
})
