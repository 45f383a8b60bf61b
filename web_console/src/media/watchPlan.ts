/** Which view of the page gets which slot. Pure. Slot 0 is the stage: its sound shares a stream with one audio slot. */

import type { WatchedVideo } from '@/wire/events'

export interface View {
  id: string
  sourceId: string
  stage: boolean
  width: number
  height: number
}

export interface WatchPlan {
  /** Slot by view id; a view that found none is absent. */
  slots: Map<string, number>
  video: WatchedVideo[]
}

/** Sizes are told in steps, so that dragging a window does not send a message per pixel. */
const STEP_PX = 80

const stepped = (px: number) => Math.max(STEP_PX, Math.round(px / STEP_PX) * STEP_PX)

/** A view keeps its slot while it lives; the rest is filled from the lowest free slot, stage first. */
export function planWatch(views: readonly View[], before: ReadonlyMap<string, number>, slotCount: number): WatchPlan {
  const slots = new Map<string, number>()
  const taken = new Set<number>([0])
  const stage = views.find((view) => view.stage)
  if (stage) slots.set(stage.id, 0)
  for (const view of views) {
    const kept = before.get(view.id)
    if (view.stage || kept === undefined || kept === 0 || kept >= slotCount || taken.has(kept)) continue
    slots.set(view.id, kept)
    taken.add(kept)
  }
  for (const view of views) {
    if (slots.has(view.id) || view.stage) continue
    let slot = 1
    while (taken.has(slot)) slot += 1
    if (slot >= slotCount) break
    slots.set(view.id, slot)
    taken.add(slot)
  }
  const video: WatchedVideo[] = []
  for (const view of views) {
    const slot = slots.get(view.id)
    if (slot === undefined) continue
    video.push({ slot, source_id: view.sourceId, width: stepped(view.width), height: stepped(view.height) })
  }
  return { slots, video: video.sort((a, b) => a.slot - b.slot) }
}
