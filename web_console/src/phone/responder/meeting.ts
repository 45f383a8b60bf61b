/** Being in the room from a phone: joined, camera on if it may be, microphone published but shut until it is wanted. */

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { capture, meetingVideo, speech, stopAll } from '@/media/devices'
import { Publisher } from '@/media/publisher'
import { useSubscriber } from '@/media/subscriber'
import { keepAwake } from '@/phone/wakeLock'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'

/** A reload goes back into the room. */
const KEPT = 'liandong.meeting'

export const useMeeting = defineStore('meeting', () => {
  const media = useSubscriber()
  const streams = useStreams()
  const publisher = new Publisher()
  media.keepGoing(publisher)
  const roomId = ref<string | null>(null)
  const incidentId = ref<string | null>(null)
  const joining = ref(false)
  const stream = shallowRef<MediaStream | null>(null)
  const deviceRefusal = shallowRef<Refusal | null>(null)
  const micOpen = ref(false)
  const held = ref(false)
  const cameraOn = ref(true)
  let release: (() => void) | null = null

  function aim(): void {
    const talking = micOpen.value || held.value
    for (const track of stream.value?.getAudioTracks() ?? []) track.enabled = talking
    for (const track of stream.value?.getVideoTracks() ?? []) track.enabled = cameraOn.value
    media.setLevel(held.value ? 0.25 : 1)
  }
  /** Camera and microphone, or the microphone alone, or nothing: being in the room never waits for a device. */
  async function openDevices(room: string): Promise<void> {
    try {
      stream.value = await capture({ video: meetingVideo, audio: speech })
      deviceRefusal.value = null
    } catch (reason) {
      deviceRefusal.value = asRefusal(reason)
      try {
        stream.value = await capture({ audio: speech })
      } catch {
        return
      }
    }
    if (roomId.value !== room) {
      stopAll(stream.value)
      stream.value = null
      return
    }
    aim()
    publisher.start(`/whip/rooms/${room}`, stream.value)
  }
  /** Raises: Refusal. */
  async function join(room: string, incident: string): Promise<void> {
    joining.value = true
    try {
      media.follow(incident)
      streams.putRoom(await commands.joinRoom(room))
      roomId.value = room
      incidentId.value = incident
      sessionStorage.setItem(KEPT, JSON.stringify({ room, incident }))
      micOpen.value = false
      release = keepAwake()
      void openDevices(room)
    } finally {
      joining.value = false
    }
  }
  async function drop(): Promise<void> {
    roomId.value = null
    incidentId.value = null
    sessionStorage.removeItem(KEPT)
    held.value = false
    media.setLevel(1)
    release?.()
    release = null
    media.follow(null)
    await publisher.stop()
    stopAll(stream.value)
    stream.value = null
  }
  return {
    roomId, incidentId, joining, stream, deviceRefusal, micOpen, held, cameraOn, join, drop,
    stats: () => publisher.stats(),
    phase: computed(() => publisher.phase.value),
    attempt: computed(() => publisher.attempt.value),
    leave: async () => {
      const left = roomId.value
      await drop()
      if (left) await commands.leaveRoom(left)
    },
    hold: (on: boolean) => {
      held.value = on
      aim()
    },
    toggleMic: () => {
      micOpen.value = !micOpen.value
      aim()
    },
    toggleCamera: () => {
      cameraOn.value = !cameraOn.value
      aim()
    },
    /** The room that was open before the page was loaded again. */
    kept: (): { room: string; incident: string } | null => {
      try {
        return JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as { room: string; incident: string } | null
      } catch {
        return null
      }
    },
    forget: () => {
      sessionStorage.removeItem(KEPT)
    },
  }
})
