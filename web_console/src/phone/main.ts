/** Entry of the phone pages: officers and departments, on one small bundle. */

import '@/design/fonts.css'
import '@/design/tokens.css'
import '@/design/ground.css'
import '@/design/parts.css'
import '@/phone/phone.css'

import { createPinia } from 'pinia'
import { createApp } from 'vue'

import { makeI18n } from '@/i18n'
import { en, zh } from '@/i18n/phone'
import PhoneApp from '@/phone/PhoneApp.vue'
import { useClock } from '@/state/clock'
import { useSession } from '@/state/session'

const pinia = createPinia()
void useSession(pinia).begin()
useClock(pinia).run()
createApp(PhoneApp).use(pinia).use(makeI18n({ zh, en })).mount('#app')
