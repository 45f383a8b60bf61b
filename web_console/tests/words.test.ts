import { readdirSync, readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { completeMention, mentionAt, takeMentions } from '@/console/timeline/mentions'
import { en as consoleEn, zh as consoleZh } from '@/i18n/console'
import { en as phoneEn, zh as phoneZh } from '@/i18n/phone'
import { en, zh } from '@/i18n/shared'
import { sentenceOf, type Names } from '@/timeline/sentence'
import type { JournalEventView } from '@/wire/views'

const NAMES: Names = {
  department: (id) => `department ${id}`, agency: (id) => `agency ${id}`, person: (id) => `person ${id}`, feed: (id) => `feed ${id}`, title: (title) => title, inLanguage: (name, nameEn) => nameEn || name,
  participant: (id) => `participant ${id}`, word: (key) => key,
}
const event = (kind: string, payload: Record<string, unknown>, actor: JournalEventView['actor'] = null): JournalEventView => ({
  stream: 'incident:1', seq: 1, at: '', kind, actor, payload, hash: '',
})
const leaves = (tree: object, path = ''): string[] =>
  Object.entries(tree).flatMap(([key, value]) => (typeof value === 'object' && !Array.isArray(value) ? leaves(value as object, `${path}${key}.`) : [`${path}${key}`]))
const holes = (text: unknown) => (String(text).match(/\{[a-zA-Z]+\}/g) ?? []).sort().join()
const pick = (tree: object, path: string): unknown => path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], tree)

describe('the sentences', () => {
  it.each([['shared', zh, en], ['console', consoleZh, consoleEn], ['phone', phoneZh, phoneEn]] as const)('of %s fill the same holes in both languages', (_name, one, other) => {
    for (const path of leaves(one)) expect(`${path} ${holes(pick(other, path))}`).toBe(`${path} ${holes(pick(one, path))}`)
  })

  it('never say 失败 alone, 请稍候 or an exclamation mark', () => {
    const all = JSON.stringify([zh, consoleZh, phoneZh])
    expect(all).not.toMatch(/失败|请稍候|亲|！/)
  })

  it('exist for every event that the journal can hold', () => {
    const files = ['../alerting', '../rooms'].flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('events.py')).map((name) => `${folder}/${name}`))
    const classes = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^class (\w+):/gm)])
    const kinds = classes.map((match) => (match[1] ?? '').replace(/(?<!^)(?=[A-Z])/g, '_').toLowerCase()).filter((kind) => kind !== 'issued_assignment')
    expect(kinds.length).toBeGreaterThan(30)
    for (const kind of kinds) {
      const { key } = sentenceOf(event(kind, {}), NAMES)
      expect(key, kind).toBe(`journal.${kind}`)
      expect(pick(consoleZh, key), kind).toBeTypeOf('string')
    }
  })

  it('show an unknown event under its own name', () => {
    expect(sentenceOf(event('moon_landed', {}), NAMES)).toMatchObject({ key: 'journal.other', params: { kind: 'moon_landed' } })
  })

  it('do not name the actor twice', () => {
    const joined = event('participant_joined', { name: 'Li' }, { id: '1', name: 'Li', agency_id: 'a' })
    expect(sentenceOf(joined, NAMES).params).toEqual({ person: '' })
    const attached = event('feed_attached', { name: 'Li' }, { id: '1', name: 'Li', agency_id: 'a' })
    expect(sentenceOf(attached, NAMES).params).toEqual({ feed: '' })
  })
})

describe('the plan of a summons', () => {
  it('is named in the language of the page', () => {
    const issued = (names: object) => sentenceOf(event('summons_issued', { ...names, assignments: [{}, {}] }), NAMES).params
    expect(issued({ plan_name: '讨薪', plan_name_en: 'Unpaid wages' })).toEqual({ plan: 'Unpaid wages', n: '2' })
    expect(issued({ plan_name: '讨薪' })).toEqual({ plan: '讨薪', n: '2' })
  })
})

describe('an order', () => {
  const departments = [{ id: '1', name: '城南街道' }, { id: '2', name: '城南街道办' }]
  it('goes to the departments that it names', () => {
    expect(takeMentions('@城南街道办 关停水阀', departments)).toEqual({ ids: ['2'], text: '关停水阀' })
    expect(takeMentions('拍清出入口', departments)).toEqual({ ids: [], text: '拍清出入口' })
  })
  it('completes a name at the caret', () => {
    expect(mentionAt('请 @城', 4)).toBe('城')
    expect(mentionAt('请 @城 到', 6)).toBeNull()
    expect(completeMention('请 @城', 4, '城南街道')).toBe('请 @城南街道 ')
  })
})
