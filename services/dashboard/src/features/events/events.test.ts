import { expect, test } from "vitest";
import { initials } from "./crew-card";
import { crewSummary } from "./crew-summary";
import { nextPollMs } from "./photos-card";

const crew = (...states: ("invited" | "confirmed" | "declined" | "standby" | "removed")[]): { status: (typeof states)[number] }[] => states.map((status) => ({ status }));

test("crewSummary says first what needs somebody", () => {
  expect(crewSummary([])).toBeNull();
  expect(crewSummary(crew("standby", "removed"))).toBeNull();
  expect(crewSummary(crew("confirmed", "invited", "declined"))).toEqual({ text: "1 declined", tone: "bad" });
  expect(crewSummary(crew("confirmed", "invited", "standby"))).toEqual({ text: "1 of 2 confirmed", tone: "warn" });
  expect(crewSummary(crew("confirmed", "confirmed"))).toEqual({ text: "All 2 confirmed", tone: "good" });
});

test("photos are asked for soon while one is being checked, and before an address runs out", () => {
  const now = Date.parse("2026-07-18T12:00:00Z");
  const ready = (minutes: number): { status: "ready"; urls_expire_at: string } => ({ status: "ready", urls_expire_at: new Date(now + minutes * 60_000).toISOString() });
  expect(nextPollMs([], now)).toBe(12_000);
  expect(nextPollMs([ready(10)], now)).toBe(12_000);
  expect(nextPollMs([ready(10), ready(0.9)], now)).toBe(9_000);
  expect(nextPollMs([ready(-5)], now)).toBe(4_000);
  expect(nextPollMs([ready(10), { status: "processing", urls_expire_at: null }], now)).toBe(4_000);
});

test("initials take the first and the last name", () => {
  expect(initials("Kostas Papadakis")).toBe("KP");
  expect(initials("  Ada  ")).toBe("A");
  expect(initials("Ana María de la Cruz")).toBe("AC");
});
