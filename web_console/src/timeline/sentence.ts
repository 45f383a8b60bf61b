/** A journal event as the key of a sentence and what fills it. Pure; the words are in i18n/journal.ts. */

import type { JournalEventView } from '@/wire/views'

/** Looks up what an event mentions only by id. */
export interface Names {
  department: (assignmentId: string) => string
  agency: (agencyId: string) => string
  person: (personId: string) => string
  feed: (feedId: string) => string
  /** A title that is only its type's name, in the page's language. */
  title: (title: string, type: string) => string
  /** Whichever of the two is in the page's language. */
  inLanguage: (name: string, nameEn: string) => string
  participant: (participantId: string) => string
  word: (key: string) => string
}

export type Tone = 'plain' | 'good' | 'warn' | 'urgent' | 'breach'

export interface Sentence {
  key: string
  params: Record<string, string>
  icon: string
  tone: Tone
}

type Rule = { icon: string; tone?: Tone; params?: (payload: Record<string, unknown>, names: Names) => Record<string, string> }

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const of = (value: unknown): Record<string, unknown> => (value && typeof value === 'object' ? (value as Record<string, unknown>) : {})

const department = (p: Record<string, unknown>, n: Names) => ({ department: n.department(text(p.assignment_id)) })
const clockOwner = (p: Record<string, unknown>, n: Names) => ({
  department: p.assignment_id ? n.department(text(p.assignment_id)) : n.word('journal.wholeIncident'),
})
const minutes = (ms: unknown) => {
  const s = Math.round(Number(ms) / 1000)
  return `${String(Math.floor(s / 60)).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`
}
const participant = (p: Record<string, unknown>, n: Names) => ({ person: text(p.name) || n.participant(text(p.participant_id)) })
const feed = (p: Record<string, unknown>, n: Names) => ({ feed: text(p.name) || n.feed(text(p.feed_id ?? p.source_id ?? p.id)) })
const player = (p: Record<string, unknown>, n: Names) => ({ name: text(p.name), feed: n.feed(text(p.feed_id)) })

const RULES: Record<string, Rule> = {
  incident_received: { icon: 'inbox', params: (p, n) => ({ title: n.title(text(p.title), text(p.type)), number: text(p.number) }) },
  incident_relabelled: { icon: 'tag' },
  summons_issued: { icon: 'summons', params: (p, n) => ({ plan: n.inLanguage(text(p.plan_name), text(p.plan_name_en)), n: text(list(p.assignments).length) }) },
  summons_recalled: { icon: 'undo' },
  assignments_resummoned: {
    icon: 'summons',
    params: (p, n) => ({ departments: list(p.assignment_ids).map((id) => n.department(text(id))).join('、') }),
  },
  department_added: { icon: 'add', params: (p, n) => ({ department: n.agency(text(of(p.assignment).department_id)) }) },
  assignment_reassigned: {
    icon: 'person',
    params: (p, n) => ({
      ...department(p, n),
      from: p.from_id ? n.person(text(p.from_id)) : n.word('journal.nobody'),
      to: n.person(text(p.to_id)),
    }),
  },
  assignment_notified: { icon: 'sent', params: (p, n) => ({ ...department(p, n), person: n.person(text(p.person_id)) }) },
  assignment_acknowledged: { icon: 'check', params: department },
  assignment_declined: { icon: 'blocked', tone: 'urgent', params: (p, n) => ({ ...department(p, n), reason: text(p.reason) }) },
  assignment_departed: { icon: 'car', params: department },
  assignment_arrived: { icon: 'place', tone: 'good', params: department },
  assignment_joined: { icon: 'video', tone: 'good', params: department },
  assignment_released: { icon: 'undo', params: (p, n) => ({ ...department(p, n), reason: text(p.reason) }) },
  assignment_unreachable: { icon: 'nophone', tone: 'urgent', params: department },
  escalation_fired: {
    icon: 'phone', tone: 'warn',
    params: (p, n) => ({
      ...department(p, n),
      target: n.word(`target.${text(p.target)}`),
      people: list(p.person_ids).map((id) => n.person(text(id))).join('、'),
    }),
  },
  escalation_skipped: { icon: 'phone', tone: 'warn', params: (p, n) => ({ ...department(p, n), target: n.word(`target.${text(p.target)}`) }) },
  clock_warned: { icon: 'timer', tone: 'warn', params: clockOwner },
  clock_urgent: { icon: 'timer', tone: 'urgent', params: clockOwner },
  clock_breached: { icon: 'alert', tone: 'breach', params: clockOwner },
  clock_stopped: { icon: 'timer', tone: 'good', params: (p, n) => ({ ...department(p, n), time: minutes(p.elapsed_ms) }) },
  response_complete: { icon: 'check', tone: 'good', params: (p) => ({ time: minutes(p.elapsed_ms) }) },
  order_given: {
    icon: 'order',
    params: (p, n) => ({
      text: text(p.text),
      to: list(p.department_ids).map((id) => n.agency(text(id))).join('、') || n.word('journal.scene'),
    }),
  },
  order_acknowledged: { icon: 'check' },
  incident_resolved: { icon: 'check', tone: 'good', params: (p) => ({ outcome: text(p.outcome) }) },
  incident_reopened: { icon: 'undo' },
  incident_closed: { icon: 'archive', params: (p, n) => ({ result: n.word(`followUp.${text(p.result)}`) }) },
  room_opened: { icon: 'room' },
  room_ended: { icon: 'room' },
  participant_invited: { icon: 'person', params: participant },
  participant_joined: { icon: 'video', params: participant },
  participant_dropped: { icon: 'offline', tone: 'warn', params: participant },
  participant_returned: { icon: 'video', params: participant },
  participant_left: { icon: 'leave', params: participant },
  participant_muted: { icon: 'mute', params: participant },
  participant_removed: { icon: 'blocked', params: participant },
  feed_started: { icon: 'video', params: feed },
  feed_interrupted: { icon: 'offline', tone: 'warn', params: feed },
  feed_resumed: { icon: 'video', params: feed },
  feed_attached: { icon: 'video', params: feed },
  feed_stopped: { icon: 'novideo', params: feed },
  player_admitted: { icon: 'room', params: player },
  player_revoked: { icon: 'blocked', params: player },
}

/** An unknown kind is still shown, under its own name: the journal hides nothing. */
export function sentenceOf(event: JournalEventView, names: Names): Sentence {
  const rule = RULES[event.kind]
  if (!rule) return { key: 'journal.other', params: { kind: event.kind }, icon: 'dot', tone: 'plain' }
  const late = (event.kind === 'clock_stopped' || event.kind === 'response_complete') && event.payload.late === true
  const unmuted = event.kind === 'participant_muted' && event.payload.muted === false
  return {
    key: `journal.${event.kind}${late ? '_late' : ''}${unmuted ? '_off' : ''}`,
    params: withoutSelf(rule.params?.(event.payload, names) ?? {}, event.actor?.name),
    icon: rule.icon,
    tone: late ? 'breach' : (rule.tone ?? 'plain'),
  }
}

/** Someone who did it themselves is not named twice. */
function withoutSelf(params: Record<string, string>, actor: string | undefined): Record<string, string> {
  const said = { ...params }
  for (const name of ['person', 'feed']) if (said[name] !== undefined && said[name] === actor) said[name] = ''
  return said
}

/** Which department each assignment was for, from the journal itself: a summons that was taken back is nowhere else. */
export function departmentsIn(events: readonly JournalEventView[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const { kind, payload } of events) {
    const issued = kind === 'summons_issued' ? list(payload.assignments) : kind === 'department_added' ? [payload.assignment] : []
    for (const item of issued.map(of)) found.set(text(item.assignment_id), text(item.department_id))
  }
  return found
}

/** Kinds that say nothing new beside another event of the same step. */
const ECHOES = new Set(['clock_stopped'])

/** The events worth a line, newest first, in an order that does not depend on how they arrived. */
export function linesOf(journals: readonly (readonly JournalEventView[])[]): JournalEventView[] {
  return journals
    .flat()
    .filter((event) => !ECHOES.has(event.kind) || event.payload.late === true)
    .sort((a, b) => b.at.localeCompare(a.at) || a.stream.localeCompare(b.stream) || b.seq - a.seq)
}
