import { fileURLToPath, URL } from 'node:url'

import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

/** Serves phone.html under /m and below and wall.html under /wall while developing, as the hub does with the built files. */
function otherEntries(): Plugin {
  return {
    name: 'liandong-entries',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        if (request.url && /^\/m(\/|\?|#|$)/.test(request.url)) request.url = '/phone.html'
        else if (request.url && /^\/wall(\?|#|$)/.test(request.url)) request.url = '/wall.html'
        next()
      })
    },
  }
}

const hub = process.env.HUB_URL ?? 'http://127.0.0.1:8460'

export default defineConfig({
  plugins: [vue(), otherEntries()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'true',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      input: {
        console: fileURLToPath(new URL('./index.html', import.meta.url)),
        phone: fileURLToPath(new URL('./phone.html', import.meta.url)),
        wall: fileURLToPath(new URL('./wall.html', import.meta.url)),
      },
    },
  },
  server: {
    proxy: {
      '/api': hub,
      '/health': hub,
      '/whip': hub,
      '/whep': hub,
      '/socket.io': { target: hub, ws: true },
    },
  },
})
