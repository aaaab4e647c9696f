/** Keeps the guest list and unsent scans of one event in IndexedDB, so that a reload at the door loses nothing. */
import type { GuestList, Scan } from "./door";

interface Kept {
  list: GuestList | null;
  scans: Scan[];
}

const STORE = "doors";

export function keeper(event: string, factory: IDBFactory | undefined = (globalThis as { indexedDB?: IDBFactory }).indexedDB): { load: () => Promise<Kept>; save: (kept: Kept) => Promise<void> } {
  let opened: Promise<IDBDatabase | null> | undefined;
  const database = (): Promise<IDBDatabase | null> => (opened ??= factory === undefined ? Promise.resolve(null) : open(factory));

  async function within<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    const db = await database();
    if (db === null) return null;
    return new Promise((resolve, reject) => {
      const request = run(db.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("storage failed"));
    });
  }

  return {
    load: async () => (await within("readonly", (store) => store.get(event) as IDBRequest<Kept | undefined>).catch(() => null)) ?? { list: null, scans: [] },
    save: async (kept) => {
      await within("readwrite", (store) => store.put(structuredClone(kept), event));
    },
  };
}

function open(factory: IDBFactory): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    const request = factory.open("muster-door", 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  });
}
