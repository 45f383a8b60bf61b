import { describe, expect, it } from 'vitest'

import { Numbers, type Source } from '@/media/sources'

const source = (id: string): Source => ({
  id, key: 0, kind: 'phone', name: id, owner: '', ownerId: '', agencyId: '', state: 'live', since: null, position: null, hasVideo: true,
})
const keys = (numbers: Numbers, ...ids: string[]) => numbers.number(ids.map(source)).map(({ id, key }) => `${key}${id}`)

describe('the numbers of the pictures', () => {
  it('stay with their sources when another one comes before them', () => {
    const numbers = new Numbers()
    expect(keys(numbers, 'b', 'c')).toEqual(['1b', '2c'])
    expect(keys(numbers, 'a', 'b', 'c')).toEqual(['1b', '2c', '3a'])
  })
  it('are given again only once their source is gone', () => {
    const numbers = new Numbers()
    keys(numbers, 'a', 'b', 'c')
    expect(keys(numbers, 'a', 'c')).toEqual(['1a', '3c'])
    expect(keys(numbers, 'a', 'c', 'd')).toEqual(['1a', '2d', '3c'])
  })
})
