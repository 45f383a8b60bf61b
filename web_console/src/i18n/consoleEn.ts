/** The seat's sentences in English. */

import type { zh } from '@/i18n/console'
import { en as journalEn } from '@/i18n/journal'
import { en as whyEn } from '@/i18n/why'

export const en: typeof zh = {
  ...journalEn,
  ...whyEn,
  top: { centre: '{site} · Command', open: 'Open', overdue: 'Overdue', resolved: 'Follow-up', admin: 'Administration', mutedFor: 'Muted {n} s', acknowledge: 'Acknowledge {n} overdue', quiet: 'No overdue alarm' },
  health: { service: 'Hub', media: 'Media', timer: 'Timer', loss: 'Media loss {pct} %', mediaDown: 'Media reconnecting', mediaCrowded: 'Media not connected', mediaUnknown: 'Media unknown', serviceDown: 'Hub cut off', timerLate: 'Timer silent {n} s' },
  band: {
    down: 'Cut off from the centre {time}', attempt: 'Try {n}. Clocks run on locally; the key is queued and sent on return', now: 'Reconnect now',
    beat: 'No timer beat for {n} s', beatNext: 'Deadlines may be unwatched. Watch by hand and phone the technician',
    sync: 'List not updated: {why}', crowded: 'tried again in {n} s', names: 'Names not loaded; trying again by itself', sound: 'The browser blocks sound. Tap to turn it on',
    undoLost: 'Not undone: “{title}”. It did not get through in 5 s', undoLostHint: 'The summons stands. Release those not needed, and phone them', read: 'Understood',
  },
  queue: {
    title: 'Incidents', todo: 'To do', followUp: 'Follow-up', sort: 'Time left', new: 'New incident', empty: 'No open incident', emptyFollowUp: 'Nothing to follow up', unread: '{n} new events',
    unlisted: '{n} more not listed',
    notSummoned: 'Not summoned', summary: '{m} of {n} in place', overdue: 'Overdue · {n} missing', untimed: 'No response clock', waiting: '{n} to follow up', waitingSince: 'oldest resolved {time}',
  },
  head: {
    video: 'Video', map: 'Map', split: 'Both', due: 'To the {n} min limit', overdue: 'Beyond {n} min', since: 'Since the call', took: 'In place after', settled: 'Resolved after', roomOpen: 'Room open {time}', roomNone: 'No room yet',
    resolve: 'Resolved', followUp: 'Follow-up', reopen: 'Reopen', closed: 'Closed', pick: 'Choose an incident', pickHint: 'J / K to move', noneHint: 'New ones appear in the queue by themselves', reporter: '{name}:', words: 'What was reported', more: 'All', less: 'Less',
  },
  stage: {
    live: 'Live', cut: 'Cut off', connecting: 'Connecting', noPicture: 'No picture', noVideo: 'Camera off', undecodable: 'This browser does not decode {codec}', waiting: 'Waiting', frozen: 'Picture frozen', still: 'Stills only', notConnected: 'Not connected', reconnecting: 'Reconnecting · try {n}', cutFor: 'Cut off {time}',
    interrupted: 'Reconnecting · {time}', mediaDown: 'Media reconnecting · try {n}', full: 'Full', wall: 'To a wall', talk: 'Talk', talkKey: 'hold Space', talking: 'Talking', talkOpening: 'Opening mic', talkNoRoom: 'Talk after the key', talkToggle: 'Click to keep on',
    rtt: 'RTT {ms} ms', loss: 'Loss {pct} %', inRoom: '{n} in room', speaking: 'Talking', noPosition: 'No position', more: 'Next page', size: '{w}×{h}',
  },
  kind: { phone: 'phone', bodycam: 'body-cam', drone: 'drone', camera: 'camera', encoder: 'encoder', participant: 'in the room' },
  map: { here: '100 · 250 m', hereLarge: 'Scene · rings 100 / 250 / 500 m', noPlace: 'No coordinates', bare: 'No base map', plain: 'Positions as reported' },
  plan: { label: 'Plan', departments: '{n} departments', none: 'No plan fits', choose: 'Choose plan', pick: 'Choose a plan', loading: 'Loading plan', failed: 'Plan not loaded' },
  key: {
    name: 'Summon all', first: '{n} departments, {m} minutes', undoHint: 'Sends at once; within 5 s', undo: 'Undo', sending: 'Sending to {n}', sent: 'Sent to {n}', undoIn: 'Esc undoes for {n} s', again: 'Sent · press to urge {n} more',
    refusedLater: 'The queued summons was not carried out: {why}', moving: 'Sent · all moving or in place', noPlan: 'Choose plan', noPlanHint: 'No plan fits. Choose one here', queued: 'Offline: phone them', queuedHint: '{n} queued, sent on return', queuedBlind: 'Queued; sent by the plan on return', blind: 'No network. Press to queue it', closed: 'Closed; nobody is summoned', resolved: 'Resolved. Reopen to summon again',
    undoing: 'Undoing', undoingHint: 'Waiting for the centre', undoingLate: '5 s are over; it may stand. Confirming', undone: 'Undone', undoQueued: 'Taken off the queue', resummoned: '{n} departments urged', nothing: 'Nobody left to urge', loading: 'Loading', confirming: 'No network; confirming the last press',
  },
  dept: {
    title: 'Departments', inPlace: '{m} / {n} in place', planned: '{n} to summon', add: 'Add', online: 'online', offline: 'not online', nobody: 'nobody on duty', lead: 'lead', optional: 'optional', required: 'required', resummon: 'Urge', change: 'Replace', release: 'Release',
    sentAt: 'Sent {time}', notified: 'Not accepted', accepted: 'Accepted, not in place', enRoute: 'Left {time}, en route', declined: 'Declined: {reason}', unreachable: 'Unreachable. Replace or phone', released: 'Released', recalled: 'Recalled',
    next: '{target} in {time}', nextDue: 'now to {target}', nextSame: 'again in {time}', nextSameDue: 'calling again', nextGiveUp: 'unreachable in {time}', nextGiveUpDue: 'now unreachable', onDuty: 'On duty: {names}', attempt: 'Summons {n}', empty: 'Not summoned', emptyHint: 'F9 summons the plan', choose: 'Department', modeVideo: 'By video', modeScene: 'To the scene', chooseMode: 'How', requiredToggle: 'Required',
    changeFor: 'Replace at {name}', changeHint: 'The clock runs on; both names are logged', noPeople: 'Nobody to choose in this department', releaseFor: 'Release {name}', none: 'No department left to add', search: 'Search departments',
  },
  tabs: { timeline: 'Timeline', room: 'Room', orders: 'Orders' },
  timeline: { empty: 'Nothing yet', failed: 'Timeline not loaded', queued: 'not sent' },
  room: { none: 'No room yet. The key opens it', join: 'Join', leave: 'Leave', joined: 'You are in', mute: 'Mute', unmute: 'Unmute', you: 'you', empty: 'Nobody yet' },
  presence: { invited: 'invited', present: 'in the room', away: 'dropped', left: 'left', removed: 'removed' },
  order: { placeholder: "Order; {'@'} names a department", send: 'Send', toScene: 'Scene', queued: 'Queued, sent on return', refusedLater: 'The queued order was not given: {why}', receipts: '{n} received', noReceipt: 'no receipt', empty: 'No orders yet' },
  newIncident: { title: 'New incident', type: 'Type', level: 'Level', place: 'Place', words: 'What happens', name: 'Title', namePlaceholder: 'Empty: the type’s name', submit: 'Create', placePlaceholder: 'e.g. East gate of the site', wordsPlaceholder: 'How many, how tense, anyone hurt' },
  closing: {
    resolveTitle: 'Resolved', outcome: 'Outcome', outcomePlaceholder: 'e.g. Both sides agreed; the scene is clear', resolve: 'Mark resolved', closeTitle: 'Follow-up and close', result: 'Follow-up call', satisfaction: 'Satisfaction', note: 'Notes', close: 'Close', notes: '1 poor · 5 good',
    needResult: 'Choose the result first', needOutcome: 'Write the outcome first',
  },
  keys: {
    title: 'All keys', f9: 'Summon all', space: 'Hold to talk', jk: 'Next incident', digits: 'Main picture', m: 'Map', r: 'Urge the focused row', p: 'Plan', n: 'New incident', slash: 'Order', enter: 'Send order', esc: 'Undo within 5 s / close', f8: 'Mute 60 s', f1: 'All keys', journal: 'All journaled',
  },
  player: {
    title: '{name} on a video wall', hint: 'A link for a video wall or player, which sees this picture only. It ends by itself and can be revoked at any time; both are put on record', name: 'Player', nameHint: 'e.g. wall of the command hall', until: 'Good for', hours: '{n} hours', days: '1 day | {n} days', issue: 'Issue link',
    page: "To open in the wall's browser", address: 'Or the address for a player (WHEP)', token: 'And its token', tokenHint: 'Address and token of {name} are shown this once. Open or enter them now', revoke: 'Revoke', revoked: 'Revoked', expired: 'Expired', goodUntil: 'Good until {at}', playing: '{n} playing',
  },
  device: {
    add: 'Register device', register: 'Register', nameHint: 'e.g. Chengnan body-cam 3', type: 'Usual incident type', typeHint: 'Going live without an incident reports one of this type', address: 'Address to send to (WHIP)', token: 'Token', tokenFor: 'Address and token for {name}', tokenHint: 'The token is shown this once. Enter it into the device now', done: 'Entered',
    empty: 'No device registered', unknown: 'The devices could not be fetched', revoke: 'Revoke', revoking: 'Revoking', revoked: 'Revoked', revokeFor: 'Revoke {name}', revokedNotice: '{name} is revoked',
    effectToken: 'Its token is void at once and for good; to be used again the device must be registered anew', effectPicture: 'A picture that it sends now is cut off at once', effectKept: 'Incidents, timelines and what was recorded stay as they are',
  },
  admin: {
    title: 'Administration', back: 'Back to the desk', agencies: 'Agencies', people: 'People', devices: 'Devices', addAgency: 'Add agency', addPerson: 'Add person', name: 'Name', nameEn: 'English name', kind: 'Kind', parent: 'Above', login: 'User name', personName: 'Name', role: 'Role', agency: 'Agency', password: 'Password', passwordHint: '10 characters or more; empty means sign-in by link only',
    link: 'Sign-in link', linkFor: 'One-time sign-in link for {name}', linkHint: 'Works once. Hand it over in person or by a trusted channel', copy: 'Copy', copied: 'Copied', empty: 'Nobody yet', all: 'All agencies', onlyAdmins: 'Only administrators can open this page', save: 'Save', root: 'None (top)', filter: 'Search names', wrongLogin: 'Lower-case letters and digits',
    kinds: { city: 'City', district: 'District', street: 'Street', village: 'Village', grid: 'Grid', department: 'Department' },
  },
}
