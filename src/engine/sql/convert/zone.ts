import { nearest } from "../../../core/nearest.ts";

/** A time zone's own spelling (IANA); undefined where there is none of that name. */
export function zoneName(zone: string): string | undefined {
  try {
    if (!/^[A-Za-z]/.test(zone)) return undefined;
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined; // a RangeError: no such zone
  }
}

/** Zones that somebody may have meant: by the whole name, or by the city. */
export function nearestZones(zone: string): string[] {
  const zones = Intl.supportedValuesOf("timeZone");
  const city = (name: string) => name.split("/").at(-1)!;
  const near = nearest(zone, zones);
  const cities = nearest(city(zone), zones.map(city));
  return near.length > 0 ? near : zones.filter((name) => cities.includes(city(name))).slice(0, 3);
}
