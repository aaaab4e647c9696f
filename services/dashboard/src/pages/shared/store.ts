/** Keeps the queue, photos included, in IndexedDB; without it (private windows) the queue lives as long as the page. */
import type { Item } from "./queue";

const DATABASE = "muster-uploads";
const STORE = "items";

export interface ItemStore {
  load(scope: string): Promise<Item[]>;
  save(item: Item): Promise<void>;
  forget(id: string): Promise<void>;
}

export function openStore(factory: IDBFactory | undefined = (globalThis as { indexedDB?: IDBFactory }).indexedDB): ItemStore {
  let opened: Promise<IDBDatabase | null> | undefined;
  const database = (): Promise<IDBDatabase | null> => (opened ??= factory === undefined ? Promise.resolve(null) : open(factory));

  async function within<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    const db = await database();
    return db === null ? null : finished(run(db.transaction(STORE, mode).objectStore(STORE)));
  }

  return {
    load: async (scope) => (await within("readonly", (store) => store.index("scope").getAll(scope) as IDBRequest<Item[]>)) ?? [],
    save: async (item) => {
      await within("readwrite", (store) => store.put({ ...item }));
    },
    forget: async (id) => {
      await within("readwrite", (store) => store.delete(id));
    },
  };
}

function open(factory: IDBFactory): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("scope", "scope");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
    request.onblocked = () => resolve(null);
  });
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("storage failed"));
  });
}
