/** What the hub shows of its state, as JSON: the shapes of its HTTP answers and of the parts in its broadcasts. */

export type Role = 'administrator' | 'commander' | 'operator' | 'responder' | 'officer' | 'mediator'
export type Level = 'simple' | 'ordinary' | 'complex' | 'difficult'
export type IncidentState = 'received' | 'dispatched' | 'resolved' | 'closed'
export type AssignmentState =
  | 'pending' | 'notified' | 'acknowledged' | 'joined' | 'en_route' | 'on_scene'
  | 'released' | 'declined' | 'unreachable' | 'recalled'
export type AssignmentMode = 'video' | 'scene'
export type EscalationTarget = 'on_duty' | 'deputy' | 'head' | 'superior'
export type FeedKind = 'phone' | 'bodycam' | 'drone' | 'camera' | 'encoder'
export type FeedState = 'idle' | 'live' | 'interrupted' | 'ended'
export type Presence = 'invited' | 'present' | 'away' | 'left' | 'removed'
export type FollowUpResult = 'reached' | 'refused' | 'unreachable'

/** ISO 8601 UTC with milliseconds. */
export type Instant = string

export interface PersonRef { id: string; name: string }
export interface Person extends PersonRef { login: string; role: Role; agency_id: string }
export interface Me { person: Person; csrf: string; now: Instant; lang: 'zh' | 'en'; site_name: string }

export interface Agency { id: string; parent_id: string | null; kind: string; name: string; name_en: string }
export interface IncidentType { code: string; name: string; name_en: string; default_level: Level }
export interface Addressee extends PersonRef { role: Role; agency_id: string }
export interface Directory { agencies: Agency[]; incident_types: IncidentType[]; people: Addressee[] }

export interface Place { text: string; lat: number | null; lon: number | null; accuracy_m: number | null }
export interface ClockView { name: string; started_at: Instant; due_at: Instant; target_s: number; stopped_at: Instant | null }
export interface FollowUp { result: FollowUpResult; satisfaction: number | null; note: string; by?: PersonRef; at?: Instant }

export interface SummonsView {
  id: string; plan_id: string | null; plan_name: string; issued_at: Instant; undo_until: Instant
  state: 'issued' | 'recalled'; issued_by: PersonRef | null
}

export interface AssignmentView {
  id: string; incident_id: string; department_id: string; required: boolean; lead: boolean
  mode: AssignmentMode; state: AssignmentState; clock: ClockView; issued_at: Instant; attempt: number; step: number
  next_step: { at: Instant; target: EscalationTarget } | null
  person: PersonRef | null; on_duty: PersonRef[]
  notified_at: Instant | null; acknowledged_at: Instant | null; joined_at: Instant | null; en_route_at: Instant | null
  on_scene_at: Instant | null; declined_at: Instant | null; released_at: Instant | null; decline_reason: string
}

export interface Position { lat: number; lon: number; accuracy_m: number | null; at: Instant }
export interface FeedView {
  id: string; incident_id: string | null; agency_id: string; owner: PersonRef | null; name: string; kind: FeedKind
  state: FeedState; since: Instant; has_audio: boolean; has_video: boolean; position: Position | null
}
export interface OrderView {
  id: string; text: string; department_ids: string[]; by: PersonRef; at: Instant
  acknowledged: { person: PersonRef; at: Instant }[]
}

/** The incident's own fields; a broadcast carries them without the three lists. */
export interface IncidentPart {
  id: string; stream: string; seq: number; number: string; agency_id: string; type: string; level: Level
  title: string; words: string; place: Place; reporter_name: string; received_at: Instant; state: IncidentState
  outcome: string; resolved_at: Instant | null; closed_at: Instant | null; follow_up: FollowUp | null
  clock: ClockView; summons: SummonsView | null; room_id: string | null
}
export interface IncidentView extends IncidentPart {
  assignments: AssignmentView[]; feeds: FeedView[]; orders: OrderView[]
}

export interface ParticipantView {
  id: string; person_id: string; name: string; agency_id: string; role: string; presence: Presence
  muted: boolean; joined_at: Instant | null; source_id: string
}
export interface RoomView {
  id: string; stream: string; seq: number; incident_id: string; state: 'open' | 'ended'; opened_at: Instant
  participants: ParticipantView[]
}

export interface JournalEventView {
  stream: string; seq: number; at: Instant; kind: string
  actor: (PersonRef & { agency_id?: string }) | null; payload: Record<string, unknown>; hash: string
}

export interface PlannedDepartment {
  department_id: string; required: boolean; lead: boolean; mode: AssignmentMode; on_duty: (PersonRef & { online: boolean })[]
}
export interface PlanPreview {
  plan_id: string | null; name: string; name_en: string; reason: string; target_s: number; departments: PlannedDepartment[]
}
export interface PlanSummary { plan_id: string; name: string; name_en: string; type: string; level: Level | null }
export interface MyAssignment { assignment: AssignmentView; incident: IncidentView }
