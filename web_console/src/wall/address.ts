/** The address of a wall's page. Feed and token stand behind the #: no server ever sees them in an address. */

export interface Target { feed: string; token: string }

export const wallAddress = (whepUrl: string, { feed, token }: Target): string =>
  `${new URL(whepUrl).origin}/wall#${new URLSearchParams({ feed, token }).toString()}`

export function wallTarget(hash: string): Target | null {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const feed = given.get('feed')
  const token = given.get('token')
  return feed && token ? { feed, token } : null
}
