import { describe, expect, it } from 'vitest'

import { wallAddress, wallTarget } from '@/wall/address'

describe('the address of a wall', () => {
  it('says behind the # what the page needs, and nothing in front of it', () => {
    const address = new URL(wallAddress('https://10.0.0.5:8081/whep/feed-1', { feed: 'feed-1', token: 'a_b-c=&#' }))
    expect(address.origin + address.pathname + address.search).toBe('https://10.0.0.5:8081/wall')
    expect(wallTarget(address.hash)).toEqual({ feed: 'feed-1', token: 'a_b-c=&#' })
  })

  it.each(['', '#', '#feed=x', '#token=y', '#feed=&token=y'])('is none without both: %s', (hash) => {
    expect(wallTarget(hash)).toBeNull()
  })
})
