/** Pins, rings and the plain grid of the scene map as OpenLayers features. */

import Feature from 'ol/Feature'
import { LineString, Point } from 'ol/geom'
import { circular } from 'ol/geom/Polygon'
import { fromLonLat } from 'ol/proj'
import { Circle, Fill, Stroke, Style, Text } from 'ol/style'

import type { IncidentView } from '@/wire/views'

/** A reported position older than this is drawn hollow. */
const FRESH_MS = 15_000
const GRID_M = 100
const GRID_REACH_M = 1_500

const FONT = '600 14px "LD Num","Noto Sans SC Variable","Noto Sans CJK SC",sans-serif'
const LABEL_FILL = new Fill({ color: '#F1F5F9' })
const LABEL_PLATE = new Fill({ color: 'rgba(6,10,14,.86)' })

export interface Pin { id: string; lon: number; lat: number; label: string; atMs: number; mine: boolean }

export function centreOf(incident: IncidentView): [number, number] | null {
  if (incident.place.lat !== null && incident.place.lon !== null) return [incident.place.lon, incident.place.lat]
  const feed = incident.feeds.find((candidate) => candidate.position)
  return feed?.position ? [feed.position.lon, feed.position.lat] : null
}

export function pinsOf(incident: IncidentView): Pin[] {
  return incident.feeds.flatMap((feed) =>
    feed.position && feed.state !== 'ended'
      ? [{ id: feed.id, lon: feed.position.lon, lat: feed.position.lat, label: feed.owner?.name ?? feed.name, atMs: Date.parse(feed.position.at), mine: false }]
      : [],
  )
}

const label = (text: string, offsetY: number) =>
  new Text({ text, font: FONT, offsetY, fill: LABEL_FILL, backgroundFill: LABEL_PLATE, padding: [4, 7, 3, 7] })

/** The scene itself, with rings of 100, 250 and 500 m for distance, since there is no base map to measure by. */
export function sceneFeatures(centre: [number, number], colour: string, accuracyM: number | null): Feature[] {
  const rings = [100, 250, 500].map((radius) => {
    const ring = new Feature(circular(centre, radius, 72).transform('EPSG:4326', 'EPSG:3857'))
    ring.setStyle(new Style({ stroke: new Stroke({ color: 'rgba(142,156,172,.45)', width: 1, lineDash: [4, 5] }) }))
    return ring
  })
  const pin = new Feature(new Point(fromLonLat(centre)))
  pin.setStyle([
    new Style({ image: new Circle({ radius: 11, fill: new Fill({ color: '#0B1118' }), stroke: new Stroke({ color: colour, width: 4 }) }) }),
    new Style({ image: new Circle({ radius: 3.5, fill: new Fill({ color: colour }) }) }),
  ])
  const features = [...rings, pin]
  if (accuracyM !== null && accuracyM > 0) {
    const area = new Feature(circular(centre, Math.min(accuracyM, 2_000), 64).transform('EPSG:4326', 'EPSG:3857'))
    area.setStyle(new Style({ fill: new Fill({ color: 'rgba(125,184,255,.10)' }) }))
    features.unshift(area)
  }
  return features
}

export function pinFeature(pin: Pin, nowMs: number, age: string, small: boolean): Feature {
  const fresh = nowMs - pin.atMs <= FRESH_MS
  const feature = new Feature(new Point(fromLonLat([pin.lon, pin.lat])))
  feature.setStyle(
    new Style({
      image: new Circle({
        radius: 7,
        fill: new Fill({ color: fresh ? '#F4F7FA' : 'rgba(11,17,24,.9)' }),
        stroke: new Stroke({ color: fresh ? '#0B1118' : '#F4F7FA', width: 2.5 }),
      }),
      text: label(small && fresh ? pin.label : `${pin.label} · ${age}`, 24),
    }),
  )
  return feature
}

/** A neutral grid with lines every 100 m around the scene. */
export function gridFeatures(centre: [number, number]): Feature[] {
  const [x = 0, y = 0] = fromLonLat(centre)
  const stretch = 1 / Math.cos((centre[1] * Math.PI) / 180)
  const reach = GRID_REACH_M * stretch
  const features: Feature[] = []
  for (let at = -GRID_REACH_M; at <= GRID_REACH_M; at += GRID_M) {
    const offset = at * stretch
    const strong = at % 500 === 0
    const style = new Style({ stroke: new Stroke({ color: strong ? 'rgba(58,72,87,.75)' : 'rgba(42,54,67,.55)', width: 1 }) })
    for (const ends of [[[x + offset, y - reach], [x + offset, y + reach]], [[x - reach, y + offset], [x + reach, y + offset]]]) {
      const line = new Feature(new LineString(ends))
      line.setStyle(style)
      features.push(line)
    }
  }
  return features
}
