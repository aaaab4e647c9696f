import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { Failure } from "../shared/http";
import { Door, type DoorPorts, type GuestList, readCode, type Scan, type SyncResult } from "./door";
import { keeper } from "./keeper";

const NOW = "2026-07-18T18:00:00.000Z";
const guest = (name: string, code: string, at: string | null = null): GuestList["tickets"][number] => ({ code_sha256: `#${code}`, name, checked_in_at: at, checked_in_by: at === null ? null : "Ada" });
const offline = (): never => {
  throw new Failure("No connection.", 0);
};

class Service {
  kept: { list: GuestList | null; scans: Scan[] } = { list: null, scans: [] };
  list: () => GuestList = () => ({ tickets: [guest("Nadia", "N1"), guest("Ben", "B1", "2026-07-18T17:00:00Z")] });
  checkIn: (scan: Scan) => { registration_id: string; name: string; checked_in_at: string; checked_in_by: string } = (scan) => ({ registration_id: "r1", name: "Nadia", checked_in_at: scan.at, checked_in_by: "Door" });
  synced: Scan[][] = [];
  outcome: SyncResult["outcome"] = "checked_in";
  undone: string[] = [];
  private ids = 0;
  readonly ports: DoorPorts = {
    fetchList: () => Promise.resolve().then(() => this.list()),
    checkIn: (scan) => Promise.resolve().then(() => this.checkIn(scan)),
    undo: (id) => Promise.resolve(void this.undone.push(id)),
    sync: (scans) =>
      Promise.resolve().then(() => {
        this.list();
        this.synced.push(scans);
        return scans.map(({ scan_id }) => ({ scan_id, outcome: this.outcome, name: "Nadia", checked_in_at: NOW, checked_in_by: "Other door" }));
      }),
    load: () => Promise.resolve(structuredClone(this.kept)),
    save: (kept) => Promise.resolve(void (this.kept = structuredClone(kept))),
    digest: (code) => Promise.resolve(`#${code}`),
    newId: () => `s${(this.ids += 1)}`,
    now: () => new Date(NOW),
    changed: () => undefined,
  };
}

let service: Service;
let door: Door;
beforeEach(async () => {
  service = new Service();
  door = new Door(service.ports);
  await door.start();
});

test.each([
  ["http://localhost:8080/t/7QX2MKD0A1B2C3D4", "7QX2MKD0A1B2C3D4"],
  [" 7qx2 mkd0-a1b2 c3d4 ", "7QX2MKD0A1B2C3D4"],
  ["OIL", "011"],
])("readCode(%j) is %s", (given, code) => {
  expect(readCode(given)).toBe(code);
});

test("a ticket lets in once, and the count follows", async () => {
  expect(door.counts).toEqual({ inside: 1, expected: 2 });
  expect(await door.admit("n1")).toMatchObject({ outcome: "in", name: "Nadia", registrationId: "r1" });
  expect(door.counts).toEqual({ inside: 2, expected: 2 });
});

test("a ticket used before says since when and by whom", async () => {
  service.checkIn = () => {
    throw new Failure("used", 409, null, { registration_id: "r2", name: "Ben", checked_in_at: "2026-07-18T17:00:00Z", checked_in_by: "Ada" });
  };
  expect(await door.admit("b1")).toMatchObject({ outcome: "already", name: "Ben", at: "2026-07-18T17:00:00Z", by: "Ada" });
});

test("a ticket that does not hold is refused with the service's words", async () => {
  service.checkIn = () => {
    throw new Failure("No ticket of this event has that code", 404);
  };
  expect(await door.admit("zz")).toMatchObject({ outcome: "refused", detail: "No ticket of this event has that code" });
  expect(service.kept.scans).toEqual([]);
});

test("without a connection the list kept here decides, and the scan is sent later, once", async () => {
  const { list } = service;
  service.checkIn = offline;
  service.list = offline;
  expect(await door.admit("n1")).toMatchObject({ outcome: "kept", name: "Nadia" });
  expect(await door.admit("n1")).toMatchObject({ outcome: "already", by: "this device" });
  expect(await door.admit("b1")).toMatchObject({ outcome: "already", by: "Ada" });
  expect(await door.admit("zz")).toMatchObject({ outcome: "refused" });
  await door.refresh();
  expect([door.online, service.kept.scans.length]).toEqual([false, 1]);
  service.list = list;
  await Promise.all([door.refresh(), door.refresh()]);
  expect(service.synced).toEqual([[{ scan_id: "s1", code: "N1", at: NOW }]]);
  expect([door.online, door.scans]).toEqual([true, []]);
});

test("scans that were kept survive a reload", async () => {
  service.checkIn = offline;
  await door.admit("n1");
  const again = new Door(service.ports);
  await again.start();
  expect(service.synced).toHaveLength(1);
});

test("somebody let in twice without a connection is told of afterwards", async () => {
  service.checkIn = offline;
  await door.admit("n1");
  service.outcome = "already";
  await door.refresh();
  expect(door.recent[0]).toMatchObject({ outcome: "already", name: "Nadia", by: "Other door" });
});

test("a batch is no larger than the service takes", async () => {
  service.kept = { list: null, scans: Array.from({ length: 450 }, (_, index) => ({ scan_id: String(index), code: "x", at: NOW })) };
  await new Door(service.ports).start();
  expect(service.synced.map((batch) => batch.length)).toEqual([200, 200, 50]);
});

test("an admission can be taken back", async () => {
  await door.undo(await door.admit("n1"));
  expect(service.undone).toEqual(["r1"]);
  expect(door.recent[0]).toMatchObject({ outcome: "undone", registrationId: null });
});

test("names are found by part of them", () => {
  expect(door.named("nad").map((ticket) => ticket.name)).toEqual(["Nadia"]);
  expect(door.named("n")).toEqual([]);
});

test("the keeper keeps each event's door apart, and none without IndexedDB", async () => {
  const factory = new IDBFactory();
  await keeper("a", factory).save({ list: null, scans: [{ scan_id: "1", code: "x", at: NOW }] });
  expect((await keeper("a", factory).load()).scans).toHaveLength(1);
  expect((await keeper("b", factory).load()).scans).toEqual([]);
  await keeper("a", undefined).save({ list: null, scans: [] });
  expect(await keeper("a", undefined).load()).toEqual({ list: null, scans: [] });
});
