import { describe, expect, test } from "vitest";
import { ago, formatSpan, instantToZoned, offsetMinutes, onOwnClock, zonedToInstant } from "./time";

describe("zonedToInstant", () => {
  test.each([
    ["2026-07-18T18:00", "Europe/Athens", "2026-07-18T18:00:00+03:00"],
    ["2026-12-18T18:00", "Europe/Athens", "2026-12-18T18:00:00+02:00"],
    ["2026-07-18T18:00", "America/St_Johns", "2026-07-18T18:00:00-02:30"],
    ["2026-07-18T18:00", "UTC", "2026-07-18T18:00:00+00:00"],
    ["2026-07-18T23:30", "Pacific/Kiritimati", "2026-07-18T23:30:00+14:00"],
  ])("carries the zone's offset of that day: %s in %s", (wall, zone, instant) => {
    expect(zonedToInstant(wall, zone)).toBe(instant);
  });

  test("gives null for a time that the clocks skip", () => {
    expect(zonedToInstant("2026-03-29T02:30", "Europe/Berlin")).toBeNull();
    expect(zonedToInstant("2026-03-29T03:00", "Europe/Berlin")).toBe("2026-03-29T03:00:00+02:00");
  });

  test("means the first of a time shown twice", () => {
    expect(zonedToInstant("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T02:30:00+02:00");
  });

  test("gives null for what is no time", () => {
    expect(zonedToInstant("", "Europe/Berlin")).toBeNull();
  });

  test("is undone by instantToZoned", () => {
    for (const wall of ["2026-01-01T00:00", "2026-07-01T12:45", "2026-10-25T03:00"]) {
      expect(instantToZoned(zonedToInstant(wall, "Australia/Lord_Howe") ?? "", "Australia/Lord_Howe")).toBe(wall);
    }
  });
});

test("formatSpan names the end's date only when it is another day in the event's zone", () => {
  const sameDay = formatSpan("2026-07-18T15:00:00Z", "2026-07-18T18:00:00Z", "Europe/Athens");
  expect(sameDay.match(/2026/g)).toHaveLength(1);
  const overMidnight = formatSpan("2026-07-18T15:00:00Z", "2026-07-18T21:30:00Z", "Europe/Athens");
  expect(overMidnight.match(/2026/g)).toHaveLength(2);
});

test("onOwnClock is null where the reader's clock shows the same", () => {
  expect(onOwnClock("2026-07-18T15:00:00Z", "Europe/Athens", "Europe/Helsinki")).toBeNull();
  expect(onOwnClock("2026-07-18T15:00:00Z", "Europe/Athens", "Europe/London")).toMatch(/16:00|4:00/);
});

test("offsetMinutes follows daylight saving to the minute", () => {
  expect(offsetMinutes(Date.parse("2026-03-29T00:59:59Z"), "Europe/Berlin")).toBe(60);
  expect(offsetMinutes(Date.parse("2026-03-29T01:00:00Z"), "Europe/Berlin")).toBe(120);
});

test("ago speaks in the largest unit that fits", () => {
  const now = Date.parse("2026-07-18T12:00:00Z");
  expect(ago("2026-07-18T11:59:40Z", now)).toBe("just now");
  expect(ago("2026-07-18T09:00:00Z", now)).toBe("3 hours ago");
  expect(ago("2026-07-19T12:00:00Z", now)).toBe("tomorrow");
});
