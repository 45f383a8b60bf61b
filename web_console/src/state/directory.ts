/** Names of agencies, types and people, in the language of the page. */

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { language } from '@/i18n/language'
import * as commands from '@/wire/commands'
import { asRefusal, type Refusal } from '@/wire/refusal'
import type { Addressee, Agency, Directory, IncidentType } from '@/wire/views'

export const useDirectory = defineStore('directory', () => {
  const content = shallowRef<Directory>({ agencies: [], incident_types: [], people: [] })
  const loaded = ref(false)
  const refusal = shallowRef<Refusal | null>(null)

  const agencies = computed(() => new Map(content.value.agencies.map((agency) => [agency.id, agency])))
  const types = computed(() => new Map(content.value.incident_types.map((type) => [type.code, type])))
  const people = computed(() => new Map(content.value.people.map((person) => [person.id, person])))

  async function load(): Promise<void> {
    try {
      content.value = await commands.directory()
      loaded.value = true
      refusal.value = null
    } catch (reason) {
      refusal.value = asRefusal(reason)
    }
  }

  const named = (item: { name: string; name_en: string } | undefined, otherwise: string) =>
    item ? (language.value === 'en' && item.name_en ? item.name_en : item.name) : otherwise

  return {
    content, loaded, refusal, load,
    agencyName: (id: string | null | undefined) => named(id ? agencies.value.get(id) : undefined, id ?? ''),
    typeName: (code: string) => named(types.value.get(code), code),
    /** A title that is only its type's name follows the page's language; one that somebody wrote stays as written. */
    titleOf: ({ title, type }: { title: string; type: string }) => {
      const known = types.value.get(type)
      return known && title === known.name ? named(known, title) : title
    },
    personName: (id: string) => people.value.get(id)?.name ?? id,
    agency: (id: string): Agency | undefined => agencies.value.get(id),
    peopleOf: (agencyId: string): Addressee[] => content.value.people.filter((person) => person.agency_id === agencyId),
    incidentTypes: computed<IncidentType[]>(() => content.value.incident_types),
    departments: computed<Agency[]>(() => content.value.agencies.filter((agency) => agency.kind === 'department')),
  }
})
