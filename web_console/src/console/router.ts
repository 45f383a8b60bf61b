/** The seat's two pages; the hub answers every address of them with the same file. */

import { createRouter, createWebHistory, type Router } from 'vue-router'

export function makeRouter(): Router {
  return createRouter({
    history: createWebHistory('/'),
    routes: [
      { path: '/', component: () => import('@/console/ConsolePage.vue') },
      { path: '/admin', component: () => import('@/admin/AdminPage.vue') },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
}
