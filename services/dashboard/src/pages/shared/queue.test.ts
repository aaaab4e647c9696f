import { beforeEach, describe, expect, test } from "vitest";
import { Failure } from "./http";
import { type Asked, type Item, type QueuePorts, UploadQueue, type Verdict } from "./queue";

const photo = (name: string): { name: string; size: number; contentType: string; file: Blob } => ({ name, size: 3, contentType: "image/jpeg", file: new Blob(["abc"]) });
const asked = (id: string, over: Partial<Asked> = {}): Asked => ({ photoId: id, receipt: `r-${id}`, status: "pending", upload: { method: "POST", url: "/s3" }, ...over });

/** A world in which time moves only when it is told to. */
class World {
  timers: { seconds: number; run: () => void }[] = [];
  saved = new Map<string, Item>();
  keys: string[] = [];
  sending = 0;
  mostAtOnce = 0;
  answers: (item: Item) => Asked | Promise<Asked> = (item) => asked(item.id);
  uploads: () => Promise<void> = () => Promise.resolve();
  outcomes: Verdict[] = [];
  readonly queue: UploadQueue;
  private ids = 0;

  constructor() {
    const ports: QueuePorts = {
      scope: "page",
      ask: async (item, key) => {
        this.keys.push(key);
        return await this.answers(item);
      },
      send: async () => {
        this.sending += 1;
        this.mostAtOnce = Math.max(this.mostAtOnce, this.sending);
        await this.uploads().finally(() => (this.sending -= 1));
      },
      verdicts: () => Promise.resolve(this.outcomes),
      save: (item) => Promise.resolve(void this.saved.set(item.id, { ...item })),
      forget: (id) => Promise.resolve(void this.saved.delete(id)),
      changed: () => undefined,
      later: (seconds, run) => void this.timers.push({ seconds, run }),
      newId: () => `i${(this.ids += 1)}`,
      now: () => this.ids,
      random: () => 0.5,
    };
    this.queue = new UploadQueue(ports);
  }

  /** Lets promises settle. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
  }

  /** Runs every timer that is set now. */
  async pass(): Promise<number[]> {
    const due = this.timers.splice(0);
    for (const { run } of due) run();
    await this.settle();
    return due.map(({ seconds }) => seconds);
  }

  get states(): string[] {
    return this.queue.items.map((item) => item.state);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

test("a photo goes from queued over stored to verified, and its copy is dropped then", async () => {
  world.queue.add([photo("a.jpg")]);
  await world.settle();
  expect(world.states).toEqual(["stored"]);
  expect(world.saved.get("i1")?.file).not.toBeNull();
  world.outcomes = [{ photoId: "i1", status: "ready", reason: null }];
  await world.pass();
  expect(world.states).toEqual(["verified"]);
  expect(world.saved.get("i1")).toMatchObject({ file: null, receipt: "r-i1" });
});

test("no more than three are sent at once, and all are sent", async () => {
  const open: (() => void)[] = [];
  world.uploads = () => new Promise((resolve) => open.push(resolve));
  world.queue.add(Array.from({ length: 8 }, (_, index) => photo(`${index}.jpg`)));
  while (world.states.some((state) => state !== "stored")) {
    await world.settle();
    open.shift()?.();
  }
  expect(world.mostAtOnce).toBe(3);
  expect(world.keys).toHaveLength(8);
});

test("a rejected photo keeps its reason and stays told from one that failed", async () => {
  world.queue.add([photo("a.jpg")]);
  await world.settle();
  world.outcomes = [{ photoId: "i1", status: "rejected", reason: "This is no picture." }];
  await world.pass();
  expect(world.queue.items[0]).toMatchObject({ state: "rejected", reason: "This is no picture." });
});

describe("when sending fails", () => {
  test("no connection waits longer each time, repeats the same key, and goes on", async () => {
    let failures = 3;
    world.answers = (item) => {
      if (failures-- > 0) throw new Failure("No connection.", 0);
      return asked(item.id);
    };
    world.queue.add([photo("a.jpg")]);
    await world.settle();
    const waits = [...(await world.pass()), ...(await world.pass()), ...(await world.pass())];
    expect(waits).toEqual([1, 2, 4]);
    expect(world.states).toEqual(["stored"]);
    expect(new Set(world.keys)).toEqual(new Set(["i1-0"]));
  });

  test("the service's own Retry-After goes before the backoff", async () => {
    world.answers = () => {
      throw new Failure("Busy.", 429, 17);
    };
    world.queue.add([photo("a.jpg")]);
    await world.settle();
    expect(world.timers[0]?.seconds).toBe(17);
  });

  test("an expired signature is asked for anew under another key", async () => {
    let first = true;
    world.uploads = () => (first ? ((first = false), Promise.reject(new Failure("Storage answered 403.", 403))) : Promise.resolve());
    world.queue.add([photo("a.jpg")]);
    await world.settle();
    await world.pass();
    expect(world.keys).toEqual(["i1-0", "i1-1"]);
    expect(world.states).toEqual(["stored"]);
  });

  test("a refusal is not repeated until somebody presses for it", async () => {
    world.answers = () => {
      throw new Failure("The page has enough photos.", 409);
    };
    world.queue.add([photo("a.jpg")]);
    await world.settle();
    expect(world.queue.items[0]).toMatchObject({ state: "failed", reason: "The page has enough photos." });
    expect(world.timers).toEqual([]);
    world.answers = (item) => asked(item.id);
    world.queue.retry(() => true);
    await world.settle();
    expect(world.states).toEqual(["stored"]);
  });

  test("it gives up after eight tries", async () => {
    world.answers = () => {
      throw new Failure("No connection.", 0);
    };
    world.queue.add([photo("a.jpg")]);
    await world.settle();
    while (world.timers.length > 0) await world.pass();
    expect(world.keys).toHaveLength(8);
    expect(world.states).toEqual(["failed"]);
  });

  test("the others go on beside one that fails", async () => {
    world.answers = (item) => {
      if (item.name === "bad.jpg") throw new Failure("No.", 422);
      return asked(item.id);
    };
    world.queue.add([photo("a.jpg"), photo("bad.jpg"), photo("c.jpg")]);
    await world.settle();
    expect(world.states).toEqual(["stored", "failed", "stored"]);
  });
});

describe("after a reload", () => {
  test("what was on its way starts again, what was stored is only asked about, once each", async () => {
    const earlier = new World();
    earlier.uploads = () => new Promise(() => undefined);
    earlier.queue.add([photo("a.jpg")]);
    await earlier.settle();
    expect(earlier.states).toEqual(["uploading"]);
    const left = [...earlier.saved.values(), { ...[...earlier.saved.values()][0], id: "x", state: "stored", photoId: "px" } as Item];
    world.queue.restore(left);
    world.queue.restore(left);
    await world.settle();
    expect(world.keys).toEqual(["i1-0"]);
    world.outcomes = [
      { photoId: "i1", status: "ready", reason: null },
      { photoId: "px", status: "hidden", reason: null },
    ];
    await world.pass();
    expect(world.states).toEqual(["verified", "verified"]);
  });

  test("a photo whose copy is gone asks to be picked again", async () => {
    world.queue.restore([{ ...(await oneItem()), file: null, state: "waiting" }]);
    await world.settle();
    expect(world.queue.items[0]?.state).toBe("failed");
    expect(world.queue.items[0]?.reason).toContain("pick it again");
  });
});

test("one removed while it is sent does not come back", async () => {
  let finish: () => void = () => undefined;
  world.uploads = () => new Promise((resolve) => (finish = resolve));
  world.queue.add([photo("a.jpg")]);
  await world.settle();
  world.queue.remove("i1");
  finish();
  await world.settle();
  expect(world.saved.size).toBe(0);
});

async function oneItem(): Promise<Item> {
  const other = new World();
  other.queue.add([photo("a.jpg")]);
  await other.settle();
  const item = other.queue.items[0];
  if (item === undefined) throw new Error("no item");
  return item;
}
