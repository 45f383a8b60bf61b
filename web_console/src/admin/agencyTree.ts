/** The tree of agencies, and who works in a part of it. Pure. */

import type { Addressee, Agency, Directory } from '@/wire/views'

export interface TreeNode { id: string; label: string; children: TreeNode[] }

/** Agencies whose parent is not in sight stand at the top. */
export function agencyTree(agencies: readonly Agency[], label: (agency: Agency) => string): TreeNode[] {
  const nodes = new Map(agencies.map((agency) => [agency.id, { id: agency.id, label: label(agency), children: [] as TreeNode[] }]))
  const roots: TreeNode[] = []
  for (const agency of agencies) {
    const node = nodes.get(agency.id)
    const parent = agency.parent_id === null ? undefined : nodes.get(agency.parent_id)
    if (node) (parent?.children ?? roots).push(node)
  }
  return roots
}

/** The agency and all below it; null, which stands for all, for null. */
export function agenciesWithin(directory: Directory, agencyId: string | null): Set<string> | null {
  if (agencyId === null) return null
  const within = new Set([agencyId])
  let before = 0
  while (before !== within.size) {
    before = within.size
    for (const agency of directory.agencies) if (agency.parent_id !== null && within.has(agency.parent_id)) within.add(agency.id)
  }
  return within
}

/** People at the agency or below it; everyone for null. */
export function peopleWithin(directory: Directory, agencyId: string | null): Addressee[] {
  const within = agenciesWithin(directory, agencyId)
  return within === null ? directory.people : directory.people.filter((person) => within.has(person.agency_id))
}
