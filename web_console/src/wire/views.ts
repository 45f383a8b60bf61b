/**
 * What the hub shows of its state, under the names that the pages use. Nothing is written twice: every shape comes from
 * `generated.d.ts`, which `npm run wire` makes from the hub's OpenAPI document.
 */

import type { components } from '@/wire/generated'

type Schemas = components['schemas']

/** ISO 8601 UTC with milliseconds. */
export type Instant = string

export type Me = Schemas['Me']
export type Person = Schemas['PersonView']
export type PersonRef = Schemas['PersonRef']
export type Role = Person['role']

export type Agency = Schemas['AgencyView']
export type AgencyKind = Schemas['AgencyKind']
export type IncidentType = Schemas['IncidentTypeView']
export type Addressee = Schemas['PersonEntry']
export type Directory = Schemas['DirectoryView']

export type Place = Schemas['PlaceView']
export type Level = Schemas['Level']
export type ClockView = Schemas['ClockView']
export type AssignmentView = Schemas['AssignmentView']
export type AssignmentMode = Schemas['AssignmentMode']
export type FeedView = Schemas['FeedView']
export type FeedKind = Schemas['FeedKind']
export type Position = Schemas['PositionView']
export type OrderView = Schemas['OrderView']
export type FollowUpResult = Schemas['FollowUpResult']

/** The incident's own fields; a broadcast carries them without the three lists. */
export type IncidentPart = Schemas['IncidentHead']
export type IncidentView = Schemas['IncidentView']
export type ParticipantView = Schemas['ParticipantView']
export type RoomView = Schemas['RoomView']
export type JournalEventView = Schemas['JournalEventView']

export type Counts = Schemas['Counts']
export type NewDevice = Schemas['AddDevice']
export type DeviceCreated = Schemas['DeviceCreated']
export type DeviceView = Schemas['DeviceView']
export type NewPlayer = Schemas['IssuePlayer']
export type PlayerCreated = Schemas['PlayerCreated']
export type PlayerView = Schemas['PlayerView']
export type PlanPreview = Schemas['PlanView']
export type PlanSummary = Schemas['PlanEntry']
export type MyAssignment = Schemas['AssignmentAndIncident']
export type Summoned = Schemas['Pressed']
export type StreamAdvanced = Schemas['StreamAdvanced']
export type Synced = Schemas['Synced']
export type SummonsRing = Schemas['Ring']
