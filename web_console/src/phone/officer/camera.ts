/** The officer's camera and microphone: opened early so that the picture is there at the tap. */

import { onBeforeUnmount, ref, shallowRef } from 'vue'

import { canTorch, capture, fieldVideo, setTorch, speech, stopAll, type Facing } from '@/media/devices'
import { asRefusal, type Refusal } from '@/wire/refusal'

export function useCamera(onReplaced: (track: MediaStreamTrack) => void) {
  const stream = shallowRef<MediaStream | null>(null)
  const opening = ref(false)
  const refusal = shallowRef<Refusal | null>(null)
  const facing = ref<Facing>('environment')
  const torch = ref(false)
  const torchable = ref(false)
  let pending: Promise<MediaStream | null> | null = null

  const videoTrack = () => stream.value?.getVideoTracks()[0]

  function watchTrack(track: MediaStreamTrack | undefined): void {
    torchable.value = canTorch(track)
    torch.value = false
    track?.addEventListener('ended', () => {
      if (videoTrack() === track) void reopen()
    })
  }
  /** The stream, opened if need be; null when this device gives none (see `refusal`). */
  function open(): Promise<MediaStream | null> {
    if (stream.value) return Promise.resolve(stream.value)
    pending ??= (async () => {
      opening.value = true
      try {
        stream.value = await capture({ video: fieldVideo(facing.value), audio: speech })
        refusal.value = null
        watchTrack(videoTrack())
        return stream.value
      } catch (reason) {
        refusal.value = asRefusal(reason)
        return null
      } finally {
        opening.value = false
        pending = null
      }
    })()
    return pending
  }
  async function swapVideo(): Promise<void> {
    const held = stream.value
    const old = videoTrack()
    if (!held) return
    if (old) {
      held.removeTrack(old)
      old.stop()
    }
    const [track] = (await capture({ video: fieldVideo(facing.value) })).getVideoTracks()
    if (!track) return
    held.addTrack(track)
    stream.value = new MediaStream(held.getTracks())
    watchTrack(track)
    onReplaced(track)
  }
  async function flip(): Promise<void> {
    const before = facing.value
    facing.value = before === 'environment' ? 'user' : 'environment'
    try {
      await swapVideo()
    } catch {
      facing.value = before
      await swapVideo()
    }
  }
  /** Another app took the camera and gave it back. */
  async function reopen(): Promise<void> {
    try {
      await swapVideo()
    } catch (reason) {
      refusal.value = asRefusal(reason)
    }
  }
  async function turnTorch(): Promise<void> {
    const track = videoTrack()
    if (!track) return
    await setTorch(track, !torch.value)
    torch.value = !torch.value
  }
  onBeforeUnmount(() => {
    stopAll(stream.value)
  })
  return { stream, opening, refusal, facing, torch, torchable, open, flip, turnTorch }
}
