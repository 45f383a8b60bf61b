/** Orders being typed, one line per incident: what was meant for one scene is never sent to another. */

import { defineStore } from 'pinia'
import { reactive } from 'vue'

export const useDrafts = defineStore('drafts', () => {
  const drafts = reactive<Record<string, string>>({})
  return {
    of: (incidentId: string) => drafts[incidentId] ?? '',
    write: (incidentId: string, text: string) => {
      if (text) drafts[incidentId] = text
      else Reflect.deleteProperty(drafts, incidentId)
    },
    /** Sent; unless it was typed on meanwhile. */
    sent: (incidentId: string, text: string) => {
      if (drafts[incidentId] === text) Reflect.deleteProperty(drafts, incidentId)
    },
  }
})
