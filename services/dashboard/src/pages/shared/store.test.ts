import { IDBFactory } from "fake-indexeddb";
import { expect, test } from "vitest";
import type { Item } from "./queue";
import { openStore } from "./store";

const item = (id: string, scope: string): Item => ({ id, scope, name: "a.jpg", size: 1, contentType: "image/jpeg", state: "queued", progress: 0, attempts: 0, round: 0, photoId: null, receipt: null, reason: null, addedAt: 0, file: null });

test("items outlive the page, each page's apart", async () => {
  const factory = new IDBFactory();
  const store = openStore(factory);
  await store.save(item("1", "boat"));
  await store.save(item("2", "boat"));
  await store.save(item("3", "other"));
  await store.save({ ...item("2", "boat"), state: "stored" });
  await store.forget("1");
  const again = openStore(factory);
  expect(await again.load("boat")).toEqual([{ ...item("2", "boat"), state: "stored" }]);
});

test("without IndexedDB nothing is kept and nothing fails", async () => {
  const store = openStore(undefined);
  await store.save(item("1", "boat"));
  expect(await store.load("boat")).toEqual([]);
});
