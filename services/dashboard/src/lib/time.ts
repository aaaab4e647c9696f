/** Times of events: always in the event's own zone, with the reader's beside it when they differ. */

const MINUTE = 60_000;

/** Where the reader is. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone });
}

export function formatDate(instant: string, zone: string): string {
  return formatter(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(new Date(instant));
}

export function formatTime(instant: string, zone: string): string {
  return formatter(zone, { timeStyle: "short" }).format(new Date(instant));
}

/** "Sat, 18 Jul 2026, 18:00 – 21:00", naming the end's date only when it is another day there. */
export function formatSpan(startsAt: string, endsAt: string, zone: string): string {
  const date = formatDate(startsAt, zone);
  const endDate = formatDate(endsAt, zone);
  const end = formatTime(endsAt, zone);
  return `${date}, ${formatTime(startsAt, zone)} – ${date === endDate ? end : `${endDate}, ${end}`}`;
}

/** "Athens, GMT+3": the zone as it is at that instant. */
export function zoneLabel(instant: string, zone: string): string {
  const part = formatter(zone, { timeZoneName: "shortOffset" }).formatToParts(new Date(instant)).find((each) => each.type === "timeZoneName");
  const city = zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");
  return part === undefined ? city : `${city}, ${part.value}`;
}

/** The start on the reader's own clock, or null where it reads the same. */
export function onOwnClock(startsAt: string, zone: string, reader: string = ownZone()): string | null {
  if (offsetMinutes(Date.parse(startsAt), zone) === offsetMinutes(Date.parse(startsAt), reader)) return null;
  return `${formatDate(startsAt, reader)}, ${formatTime(startsAt, reader)} for you`;
}

/** "2 hours ago", "in 3 days". */
export function ago(instant: string, now: number = Date.now()): string {
  const seconds = (Date.parse(instant) - now) / 1000;
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60]] as const) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

/** How far the zone is ahead of UTC at an instant. */
export function offsetMinutes(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(instant));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return Math.round((wall - Math.floor(instant / 1000) * 1000) / MINUTE);
}

/**
 * The instant of a wall clock time ("2026-07-18T18:00") in a zone, as RFC 3339 with that zone's offset. A time that the
 * clocks skip gives null; of one that they show twice, the first is meant.
 */
export function zonedToInstant(wall: string, zone: string): string | null {
  const asUtc = Date.parse(`${wall.slice(0, 16)}:00Z`);
  if (wall.length < 16 || Number.isNaN(asUtc)) return null;
  const offsets = [asUtc - 86_400_000, asUtc + 86_400_000].map((near) => offsetMinutes(near, zone));
  // The larger offset is the earlier instant.
  for (const offset of offsets.sort((a, b) => b - a)) {
    if (offsetMinutes(asUtc - offset * MINUTE, zone) === offset) return `${wall.slice(0, 16)}:00${offsetText(offset)}`;
  }
  return null;
}

/** The wall clock time of an instant in a zone, as `<input type="datetime-local">` takes it. */
export function instantToZoned(instant: string, zone: string): string {
  const at = Date.parse(instant);
  return new Date(at + offsetMinutes(at, zone) * MINUTE).toISOString().slice(0, 16);
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
