/** Finding departments named with @ in an order. Pure. */

export interface Named { id: string; name: string }

/** The text being typed after the last @, or null. */
export function mentionAt(text: string, caret: number): string | null {
  const found = /@([^\s@]*)$/.exec(text.slice(0, caret))
  return found ? (found[1] ?? '') : null
}

/** The text with the mention completed. */
export function completeMention(text: string, caret: number, name: string): string {
  return text.slice(0, caret).replace(/@[^\s@]*$/, `@${name} `) + text.slice(caret).replace(/^\s+/, '')
}

/** Ids of the departments named, longest names first so that 城南街道 does not hide 城南街道办; and the text without them. */
export function takeMentions(text: string, departments: readonly Named[]): { ids: string[]; text: string } {
  const ids: string[] = []
  let rest = text
  for (const { id, name } of [...departments].sort((a, b) => b.name.length - a.name.length)) {
    if (!rest.includes(`@${name}`)) continue
    ids.push(id)
    rest = rest.replaceAll(`@${name}`, ' ')
  }
  return { ids, text: rest.replace(/\s+/g, ' ').trim() }
}
