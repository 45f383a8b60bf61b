/** Every call of the hub's HTTP interface that the pages make, by name. */

import { get, patch, post, send } from '@/wire/http'
import type {
  Agency, AssignmentMode, AssignmentView, Counts, DeviceCreated, DeviceView, Directory, FeedKind, FeedView, FollowUpResult, IncidentView, JournalEventView, Level, Me,
  MyAssignment, NewDevice, NewPlayer, Person, Place, PlanPreview, PlanSummary, PlayerCreated, PlayerView, Position, Role, RoomView,
  Summoned,
} from '@/wire/views'

export const JOURNAL_PAGE = 500

export const signIn = (login: string, password: string) => post<Me>('/api/sign-in', { login, password })
export const signInByLink = (token: string) => post<Me>('/api/sign-in/link', { token })
export const signOut = () => post<undefined>('/api/sign-out')
export const me = () => get<Me>('/api/me')
/** The answer is a new session; all others of the person are over. */
export const setPassword = (password: string, current?: string) => post<Me>('/api/me/password', { password, current })
export const directory = () => get<Directory>('/api/directory')

export interface Report { type: string; level?: Level; title?: string; words?: string; place: Place }
export const reportIncident = (report: Report, key?: string) => post<IncidentView>('/api/incidents', report, key)
export const incident = (id: string) => get<IncidentView>(`/api/incidents/${id}`)
/** How many there are in sight, listed or not. */
export const counts = () => get<{ counts: Counts }>('/api/incidents?state=open&limit=1')
export const relabel = (id: string, change: Partial<Pick<Report, 'type' | 'level' | 'title'>>) =>
  patch<IncidentView>(`/api/incidents/${id}`, change)
/** @param stream `incident:<id>` or `room:<id>`. */
export const journal = (stream: string, after = 0) =>
  get<{ events: JournalEventView[]; seq: number }>(`/api/${stream.replace(':', 's/')}/journal?after=${after}&limit=${JOURNAL_PAGE}`)

export const planFor = (id: string, planId?: string) =>
  get<PlanPreview>(`/api/incidents/${id}/plan${planId ? `?plan=${encodeURIComponent(planId)}` : ''}`)
export const plans = (id: string) => get<{ plans: PlanSummary[] }>(`/api/incidents/${id}/plans`)

export const summon = (id: string, planId: string | undefined, key: string) =>
  post<Summoned>(`/api/incidents/${id}/summon`, planId ? { plan_id: planId } : {}, key)
/** Waits briefly: the hub takes a summons back for 5 s only, and the next try goes under the same key. */
export const recall = (id: string, key: string) =>
  send<IncidentView>('POST', `/api/incidents/${id}/recall`, { body: {}, idempotencyKey: key, limitMs: 2_000 })
export const addDepartment = (id: string, departmentId: string, mode: AssignmentMode) =>
  post<IncidentView>(`/api/incidents/${id}/departments`, { department_id: departmentId, mode })
export const giveOrder = (id: string, text: string, departmentIds: string[], key: string) =>
  post<IncidentView>(`/api/incidents/${id}/orders`, { text, ...(departmentIds.length ? { department_ids: departmentIds } : {}) }, key)
export const acknowledgeOrder = (id: string) => post<unknown>(`/api/orders/${id}/acknowledge`)
export const resolve = (id: string, outcome: string) => post<IncidentView>(`/api/incidents/${id}/resolve`, { outcome })
export const close = (id: string, followUp: { result: FollowUpResult; satisfaction?: number; note?: string }) =>
  post<IncidentView>(`/api/incidents/${id}/close`, { follow_up: followUp })
export const reopen = (id: string) => post<IncidentView>(`/api/incidents/${id}/reopen`)

export type Answer = 'acknowledge' | 'depart' | 'arrive' | 'release' | 'resummon'
export const answer = (assignmentId: string, what: Answer) => post<AssignmentView>(`/api/assignments/${assignmentId}/${what}`)
export const decline = (assignmentId: string, reason: string) =>
  post<AssignmentView>(`/api/assignments/${assignmentId}/decline`, { reason })
export const reassign = (assignmentId: string, personId: string) =>
  post<AssignmentView>(`/api/assignments/${assignmentId}/reassign`, { person_id: personId })
export const assignment = (id: string) => get<MyAssignment>(`/api/assignments/${id}`)
export const myAssignments = () => get<{ assignments: MyAssignment[] }>('/api/assignments?mine=1')

export const joinRoom = (id: string) => post<RoomView>(`/api/rooms/${id}/join`)
export const leaveRoom = (id: string) => post<unknown>(`/api/rooms/${id}/leave`)
export const mute = (id: string, participantId: string, muted: boolean) =>
  post<unknown>(`/api/rooms/${id}/mute`, { participant_id: participantId, muted })

export interface NewFeed { incident_id: string; name?: string; kind?: FeedKind }
export const openFeed = (feed: NewFeed, key?: string) => post<{ feed: FeedView; whip_url: string }>('/api/feeds', feed, key)
export const endFeed = (id: string) => post<unknown>(`/api/feeds/${id}/end`)
export const sendPosition = (id: string, position: Position) => post<unknown>(`/api/feeds/${id}/position`, position)

export const addAgency = (agency: Omit<Agency, 'id'>) => post<Agency>('/api/agencies', agency)
export const addPerson = (person: { name: string; login: string; role: Role; agency_id: string; password?: string }) =>
  post<Person>('/api/people', person)
export const makeSignInLink = (personId: string) => post<{ url: string }>(`/api/people/${personId}/sign-in-link`)

export const devices = async () => (await get<{ devices: DeviceView[] }>('/api/devices')).devices
export const addDevice = (device: NewDevice) => post<DeviceCreated>('/api/devices', device)
export const revokeDevice = (feedId: string) => post<FeedView>(`/api/devices/${feedId}/revoke`)

export const players = async (feedId: string) => (await get<{ players: PlayerView[] }>(`/api/feeds/${feedId}/players`)).players
export const issuePlayer = (feedId: string, player: NewPlayer) => post<PlayerCreated>(`/api/feeds/${feedId}/players`, player)
export const revokePlayer = (id: string) => post<PlayerView>(`/api/players/${id}/revoke`)
