/** Names of agencies, types and people, in the language of the page. */

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { inLanguage, language } from '@/i18n/language'
import { en, zh } from '@/i18n/shared'
import { useTries } from '@/state/tries'
import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'
import type { Addressee, Agency, Directory, IncidentType } from '@/wire/views'

export const useDirectory = defineStore('directory', () => {
  const content = shallowRef<Directory>({ agencies: [], incident_types: [], people: [] })
  const loaded = ref(false)
  const refusal = shallowRef<Refusal | null>(null)

  const agencies = computed(() => new Map(content.value.agencies.map((agency) => [agency.id, agency])))
  const types = computed(() => new Map(content.value.incident_types.map((type) => [type.code, type])))
  const typesByName = computed(() => new Map(content.value.incident_types.map((type) => [type.name, type])))
  const people = computed(() => new Map(content.value.people.map((person) => [person.id, person])))

  /** Tried again for as long as it is refused: a page without names is of little use. */
  const tries = useTries(async () => {
    try {
      content.value = await commands.directory()
      loaded.value = true
      refusal.value = null
      return true
    } catch (reason) {
      refusal.value = asRefusal(reason)
      return refusal.value.kind === 'signed_out'
    }
  }, { firstMs: 1_000, lastMs: 20_000 })

  const words = computed(() => (language.value === 'en' ? en : zh).unnamed)
  const named = (item: { name: string; name_en: string } | undefined, otherwise: string) =>
    item ? inLanguage(item.name, item.name_en) : otherwise

  return {
    content, loaded, refusal,
    /** At once, and again until it holds. */
    load: tries.begin,
    stop: tries.stop,
    /** A name, or a neutral word for what has none here; an id is never shown. Empty for nothing at all. */
    agencyName: (id: string | null | undefined) => (id ? named(agencies.value.get(id), words.value.agency) : ''),
    typeName: (code: string) => named(types.value.get(code), words.value.type),
    /**
     * A title that is only a type's name follows the page's language; one that somebody wrote stays as written. The type
     * may be another by now: an incident that was relabelled keeps its title.
     */
    titleOf: ({ title }: { title: string; type: string }) => named(typesByName.value.get(title), title),
    personName: (id: string) => people.value.get(id)?.name ?? words.value.person,
    agency: (id: string): Agency | undefined => agencies.value.get(id),
    peopleOf: (agencyId: string): Addressee[] => content.value.people.filter((person) => person.agency_id === agencyId),
    incidentTypes: computed<IncidentType[]>(() => content.value.incident_types),
    departments: computed<Agency[]>(() => content.value.agencies.filter((agency) => agency.kind === 'department')),
  }
})
