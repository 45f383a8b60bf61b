/** Codecs as people write them. */

const WRITTEN: Record<string, string> = { h264: 'H.264' }

export function nameOfCodec(codec: string): string {
  return WRITTEN[codec] ?? codec.toUpperCase()
}
