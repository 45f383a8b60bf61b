/** Codecs as people write them. */

const WRITTEN: Record<string, string> = { h264: 'H.264', 'h264-main': 'H.264 Main' }

export function nameOfCodec(codec: string): string {
  return WRITTEN[codec] ?? codec.toUpperCase()
}
