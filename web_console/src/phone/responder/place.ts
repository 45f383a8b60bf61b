/** Which task the address names: `/m/a/<assignment id>`; kept in step without a router, which this page is too small for. */

import { ref } from 'vue'

const read = () => /^\/m\/a\/([^/?#]+)/.exec(location.pathname)?.[1] ?? null

export function useTaskAddress() {
  const taskId = ref<string | null>(read())
  window.addEventListener('popstate', () => {
    taskId.value = read()
  })
  return {
    taskId,
    open: (id: string) => {
      if (taskId.value === id) return
      history.pushState(null, '', `/m/a/${id}`)
      taskId.value = id
    },
    list: () => {
      history.pushState(null, '', '/m')
      taskId.value = null
    },
  }
}
