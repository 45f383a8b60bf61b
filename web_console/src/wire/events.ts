/** The Socket.IO vocabulary, both ways; docs/protocol.md says when each is sent. */

import type { Instant, OrderView, PersonRef, StreamAdvanced, SummonsRing, Synced } from '@/wire/views'

export type Refused = { ok: false; code: string; message: string }
export type Ack<T> = ({ ok: true } & T) | Refused

export interface RingStopped {
  assignment_id: string; reason: 'acknowledged' | 'recalled' | 'released'; by: PersonRef | null; at: Instant
}

export interface SlotState {
  slot: number; kind: 'video' | 'audio'; mid: string; source_id: string | null; epoch: number; first_rtp_ts: number | null
  /** The codec of its source, when this browser does not decode it. */
  undecodable: string | null
  still: boolean
}
export interface MediaSlots { connection_id: string; epoch: number; slots: SlotState[] }
export interface MediaOpened { connection_id: string; sdp: string; ice_servers: RTCIceServer[] }
export interface WatchedVideo { slot: number; source_id: string; width: number; height: number }
export interface MediaWatch { connection_id: string; incident_id: string | null; video: WatchedVideo[]; audio: boolean }

export interface SourceStats {
  source_id: string; bitrate_bps: number; loss_pct: number; missing_pct: number; rtt_ms: number | null; jitter_ms: number | null
  height: number | null; limited: Sending['limited'] | null; score: number | null
}
export interface ViewerStats {
  connection_id: string; sent_bps: number; loss_pct: number | null; rtt_ms: number | null; jitter_ms: number | null; available_bps: number | null
  slots: { slot: number; source_id: string; sent_bps: number; height: number | null; wanted_height: number; held: boolean }[]
  server: { cpu: number; lag_ms: number; dropped: number; saving: boolean } | null
}
export interface Sending { connection_id: string; limited: 'none' | 'bandwidth' | 'cpu' | 'other' }
export interface MediaReport {
  connection_id: string | null; seconds: number; hidden: boolean
  video: { slot: number; frames: number; dropped: number; freezes: number; frozen_ms: number; decode_ms: number; buffer_ms: number; verdict: string }[]
  audio: { slot: number; concealed_pct: number; buffer_ms: number }[]
  sending: Sending[]
}
export interface FeedPosition { incident_id: string; feed_id: string; lat: number; lon: number; accuracy_m: number | null; at: Instant }

/** What each source of an incident sends right now; a source that sends nothing is absent. */
export type LiveSources = Record<string, { audio: boolean; video: boolean }>

export interface HubToPage {
  stream_advanced: (event: StreamAdvanced) => void
  stream_gone: (event: { stream: string }) => void
  beat: (event: { now: Instant; cycle: number }) => void
  summons_ring: (event: SummonsRing) => void
  ring_stopped: (event: RingStopped) => void
  order_given: (event: { incident_id: string; order: OrderView }) => void
  media_slots: (event: MediaSlots) => void
  sources: (event: { incident_id: string; live: LiveSources }) => void
  media_lost: (event: { connection_id: string; reason: string }) => void
  media_back: (event: object) => void
  feed_position: (event: FeedPosition) => void
  speaking: (event: { incident_id: string; source_ids: string[] }) => void
  viewer_stats: (event: ViewerStats) => void
  source_stats: (event: { incident_id: string; sources: SourceStats[] }) => void
  session_ended: (event: { code: string }) => void
}

type Reply<T> = (ack: Ack<T>) => void

export interface PageToHub {
  sync: (request: { streams: Record<string, number> }, reply: Reply<Synced>) => void
  clock: (request: Record<string, never>, reply: Reply<{ now: Instant }>) => void
  media_open: (request: { profile: 'console' | 'phone' }, reply: Reply<MediaOpened>) => void
  media_answer: (request: { connection_id: string; sdp: string }, reply: Reply<object>) => void
  media_watch: (request: MediaWatch, reply: Reply<{ live: LiveSources }>) => void
  media_restart: (request: { connection_id: string }, reply: Reply<{ fragment: string }>) => void
  media_resume: (request: { connection_id: string }, reply: Reply<object>) => void
  media_close: (request: { connection_id: string }, reply: Reply<object>) => void
  media_report: (request: MediaReport, reply: Reply<{ scores: { kind: 'video' | 'audio'; slot: number; score: number }[] }>) => void
  ring_received: (request: { assignment_id: string; step: number; attempt: number }, reply: Reply<object>) => void
  position: (
    request: { feed_id: string; lat: number; lon: number; accuracy_m: number | null; at: Instant },
    reply: Reply<object>,
  ) => void
}
