/** The seat's two pages, behind the hash so that the hub needs to know one address only. */

import { createRouter, createWebHashHistory, type Router } from 'vue-router'

export function makeRouter(): Router {
  return createRouter({
    history: createWebHashHistory('/'),
    routes: [
      { path: '/', component: () => import('@/console/ConsolePage.vue') },
      { path: '/admin', component: () => import('@/admin/AdminPage.vue') },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
}
