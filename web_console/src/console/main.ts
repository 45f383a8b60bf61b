/** Entry of the seat: console and administration. */

import '@/design/fonts.css'
import '@/design/tokens.css'
import '@/design/ground.css'
import '@/design/parts.css'

import { createPinia } from 'pinia'
import { createApp } from 'vue'

import ConsoleApp from '@/console/ConsoleApp.vue'
import { makeRouter } from '@/console/router'
import { en, zh } from '@/i18n/console'
import { makeI18n } from '@/i18n'
import { useClock } from '@/state/clock'
import { useSession } from '@/state/session'

const pinia = createPinia()
// Before the router reads the address: a one-time link is taken out of it.
const session = useSession(pinia)
void session.begin()
useClock(pinia).run()
createApp(ConsoleApp).use(pinia).use(makeI18n({ zh, en })).use(makeRouter()).mount('#app')
