/** A video wall's page: one feed, as large as the screen. It needs nobody: what breaks is tried again by itself. */

import '@/wall/wall.css'

import { currentLanguage } from '@/i18n/language'
import { backoffMs } from '@/media/backoff'
import { wallTarget } from '@/wall/address'
import { playOnce, Refused } from '@/wall/player'

const WORDS = {
  zh: { waiting: '等待画面', over: '播放链接无效、已过期或已吊销', ended: '图传已结束，恢复后自动播放', away: '与中心断开，重连中', sound: '打开声音' },
  en: { waiting: 'Waiting for the picture', over: "The player's link is not valid, has expired or was revoked", ended: 'The feed has ended; it plays again when it is back', away: 'No connection; trying again', sound: 'Turn sound on' },
}
const FIRST_MS = 1_000
const LAST_MS = 10_000
const STILL_MS = 3_000 // without a frame

const words = WORDS[currentLanguage()]
function part<T extends Element>(selector: string): T {
  const found = document.querySelector<T>(selector)
  if (!found) throw new Error(selector)
  return found
}
const video = part<HTMLVideoElement>('video')
const says = part<HTMLElement>('p')
const sound = part<HTMLButtonElement>('button')
let word = words.waiting
let frameAt = -Infinity

const show = () => {
  const seen = performance.now() - frameAt < STILL_MS
  video.classList.toggle('seen', seen)
  says.textContent = seen ? '' : word
}
const onFrame = () => {
  frameAt = performance.now()
  word = words.waiting
  video.requestVideoFrameCallback(onFrame)
}
video.requestVideoFrameCallback(onFrame)
setInterval(show, 250)

/** Browsers start sound only for a page that somebody has touched: until then the picture comes without. */
video.addEventListener('loadedmetadata', () => {
  video.play().catch(() => {
    video.muted = true
    sound.hidden = false
    void video.play()
  })
})
sound.textContent = words.sound
sound.addEventListener('click', () => {
  video.muted = false
  sound.hidden = true
})

async function watch(): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const target = wallTarget(location.hash)
    try {
      if (!target) throw new Refused(401)
      await playOnce(video, target)
      attempt = 0
    } catch (reason) {
      word = !(reason instanceof Refused) ? words.away : reason.status === 401 ? words.over : reason.status === 404 ? words.ended : words.away
    }
    await new Promise((go) => setTimeout(go, backoffMs(attempt, FIRST_MS, LAST_MS)))
  }
}
document.documentElement.lang = currentLanguage() === 'en' ? 'en' : 'zh-CN'
void watch()
