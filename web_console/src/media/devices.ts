/** Camera and microphone of this device, with refusals in words. */

import { Refusal } from '@/wire/refusal'

export type Facing = 'environment' | 'user'

/** Raises: Refusal with a `device_…` code or `insecure`. */
export async function capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (!devices) throw new Refusal('refused', 'insecure', '')
  try {
    return await devices.getUserMedia(constraints)
  } catch (reason) {
    const name = reason instanceof DOMException ? reason.name : ''
    const code =
      name === 'NotAllowedError' || name === 'SecurityError' ? 'device_denied'
        : name === 'NotReadableError' || name === 'AbortError' ? 'device_busy'
          : 'device_missing'
    throw new Refusal('refused', code, '')
  }
}

/** What the field needs: the back camera at 720p; the encoder steps down by itself on a weak net. */
export const fieldVideo = (facing: Facing): MediaTrackConstraints => ({
  facingMode: { ideal: facing }, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 },
})
export const meetingVideo: MediaTrackConstraints = {
  facingMode: { ideal: 'user' }, width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 20, max: 25 },
}
export const speech: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }

export const canTorch = (track: MediaStreamTrack | undefined): boolean =>
  Boolean(track && 'torch' in (track.getCapabilities() as Record<string, unknown>))

export async function setTorch(track: MediaStreamTrack, on: boolean): Promise<void> {
  await track.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] })
}

export function stopAll(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
