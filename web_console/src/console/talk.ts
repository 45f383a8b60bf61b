/** Push-to-talk of the seat: joins the room once, publishes a silent microphone, and opens it only while held. */

import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { capture, speech, stopAll } from '@/media/devices'
import { Publisher } from '@/media/publisher'
import { useSubscriber } from '@/media/subscriber'
import { useStreams } from '@/state/streamStore'
import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'

/** Own loudness while the microphone is open: −12 dB. */
const DUCKED = 0.25

export const useTalk = defineStore('talk', () => {
  const media = useSubscriber()
  const streams = useStreams()
  const publisher = new Publisher()
  media.keepGoing(publisher)
  const roomId = ref<string | null>(null)
  const held = ref(false)
  const opening = ref(false)
  const refusal = ref<Refusal | null>(null)
  let stream: MediaStream | null = null

  const talking = computed(() => held.value && publisher.phase.value === 'live' && !opening.value)

  function aim(): void {
    for (const track of stream?.getAudioTracks() ?? []) track.enabled = held.value
    media.setLevel(held.value ? DUCKED : 1)
  }

  async function enter(room: string): Promise<void> {
    if (roomId.value === room && stream && publisher.phase.value !== 'idle') return
    opening.value = true
    refusal.value = null
    try {
      await release()
      stream = await capture({ audio: speech })
      aim()
      streams.putRoom(await commands.joinRoom(room))
      roomId.value = room
      publisher.start(`/whip/rooms/${room}`, stream)
    } catch (reason) {
      refusal.value = asRefusal(reason)
      held.value = false
      stopAll(stream)
      stream = null
      throw reason
    } finally {
      opening.value = false
    }
  }
  async function release(): Promise<void> {
    await publisher.stop()
    stopAll(stream)
    stream = null
    roomId.value = null
  }

  return {
    roomId, held, opening, talking, refusal,
    /** Opens the microphone towards the room. Raises: Refusal. */
    hold: async (room: string) => {
      held.value = true
      aim()
      await enter(room)
      aim()
    },
    letGo: () => {
      held.value = false
      aim()
    },
    /** Leaves the room for good. */
    leave: async () => {
      const left = roomId.value
      held.value = false
      aim()
      await release()
      if (left) await commands.leaveRoom(left)
    },
    stop: release,
  }
})
