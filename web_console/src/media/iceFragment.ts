/** ICE restarts by fragment (RFC 9725 section 4.3.3, RFC 8840). Pure. */

export interface IceName {
  ufrag: string
  password: string
}

/** The ICE user name and password in a description or fragment; null when it lacks one of them. */
export function iceNameOf(sdp: string): IceName | null {
  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]
  const password = /^a=ice-pwd:(\S+)/m.exec(sdp)?.[1]
  return ufrag && password ? { ufrag, password } : null
}

/** What a restart is asked for with. */
export function restartRequest(name: IceName): string {
  return `a=ice-ufrag:${name.ufrag}\r\na=ice-pwd:${name.password}\r\n`
}

/** The description as it is after the other side has taken that name; null when the fragment names none. */
export function renamed(sdp: string, fragment: string): string | null {
  const name = iceNameOf(fragment)
  if (!name) return null
  return sdp.replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${name.ufrag}`).replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${name.password}`)
}
