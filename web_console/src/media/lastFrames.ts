/** The last picture of each source, small and in memory only, so that a broken link shows it grey instead of a black tile. */

const WIDTH_PX = 640
/** More sources than a console shows at once; the longest untouched goes first. */
const KEPT = 24

const frames = new Map<string, HTMLCanvasElement>()

/** Keeps what the element shows now as the last picture of the source. */
export function keepFrame(sourceId: string, video: HTMLVideoElement): void {
  if (!video.videoWidth) return
  const canvas = frames.get(sourceId) ?? document.createElement('canvas')
  const width = Math.min(WIDTH_PX, video.videoWidth)
  const height = Math.round((width * video.videoHeight) / video.videoWidth)
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  canvas.getContext('2d')?.drawImage(video, 0, 0, width, height)
  frames.delete(sourceId)
  frames.set(sourceId, canvas)
  const oldest = frames.keys().next().value
  if (frames.size > KEPT && oldest !== undefined) frames.delete(oldest)
}

/** Paints the source's last picture onto the canvas. Returns whether there was one. */
export function paintLastFrame(sourceId: string, onto: HTMLCanvasElement): boolean {
  const kept = frames.get(sourceId)
  if (!kept) return false
  onto.width = kept.width
  onto.height = kept.height
  onto.getContext('2d')?.drawImage(kept, 0, 0)
  return true
}

/** Forgets a source that may no longer be seen. */
export function forgetFrame(sourceId: string): void {
  frames.delete(sourceId)
}
