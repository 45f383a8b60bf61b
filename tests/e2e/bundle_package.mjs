// Prints a package of the console's node_modules as one script that pages can run: its exports become window.<NAME>.
// node bundle_package.mjs WEB_CONSOLE PACKAGE NAME
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, wanted, name] = process.argv.slice(2)
const { rolldown } = await import(pathToFileURL(createRequire(`${folder}/package.json`).resolve('rolldown')).href)
const bundle = await rolldown({ input: wanted, cwd: folder, platform: 'browser', logLevel: 'silent' })
const { output } = await bundle.generate({ format: 'iife', name, exports: 'named' })
process.stdout.write(output[0].code)
