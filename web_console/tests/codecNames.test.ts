import { expect, test } from 'vitest'

import { nameOfCodec } from '@/media/codecNames'

test('codecs are written as people write them, and none is no name', () => {
  expect(['vp8', 'av1', 'h264', 'h264-main', ''].map(nameOfCodec)).toEqual(['VP8', 'AV1', 'H.264', 'H.264 Main', ''])
})
