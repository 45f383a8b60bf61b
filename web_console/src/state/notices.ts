/** Short sentences that come and go at the edge of the page; at most three, the oldest gives way. */

import { defineStore } from 'pinia'
import { ref } from 'vue'

import { newKey } from '@/wire/http'

export interface Notice { id: string; text: string; tone: 'plain' | 'warn' }

const KEPT = 3
const SHOWN_MS = 7_000

export const useNotices = defineStore('notices', () => {
  const notices = ref<Notice[]>([])

  function dismiss(id: string): void {
    notices.value = notices.value.filter((notice) => notice.id !== id)
  }
  function say(text: string, tone: Notice['tone'] = 'plain'): void {
    const id = newKey()
    notices.value = [...notices.value.filter((notice) => notice.text !== text).slice(1 - KEPT), { id, text, tone }]
    window.setTimeout(() => {
      dismiss(id)
    }, SHOWN_MS)
  }
  return { notices, say, dismiss }
})
