import { describe, expect, it } from 'vitest'

import { iceNameOf, renamed, restartRequest } from '@/media/iceFragment'

const SDP = ['v=0', 'a=ice-lite', 'm=video 9 x 96', 'a=ice-ufrag:old', 'a=ice-pwd:secret', 'm=audio 9 x 111', 'a=ice-ufrag:old', 'a=ice-pwd:secret', ''].join('\r\n')

describe('ICE fragments', () => {
  it('reads the name and the password of a description', () => {
    expect(iceNameOf(SDP)).toEqual({ ufrag: 'old', password: 'secret' })
    expect(iceNameOf('v=0\r\na=ice-ufrag:x\r\n')).toBeNull()
  })

  it('asks with its own name', () => {
    expect(iceNameOf(restartRequest({ ufrag: 'a+/b', password: 'p'.repeat(24) }))).toEqual({ ufrag: 'a+/b', password: 'p'.repeat(24) })
  })

  it('gives every m-line the new name and leaves the rest as it was', () => {
    const after = renamed(SDP, 'a=ice-ufrag:new\r\na=ice-pwd:other\r\n')
    expect(after).toBe(SDP.replaceAll('old', 'new').replaceAll('secret', 'other'))
  })

  it('takes no answer for one that names nobody', () => {
    expect(renamed(SDP, 'a=ice-lite\r\n')).toBeNull()
  })
})
