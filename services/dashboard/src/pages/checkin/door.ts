/**
 * Lets people in: by asking the service while it can be reached, else by the list fetched before, keeping each scan
 * until it has been sent. A scan has an id, so that sending it twice counts once.
 */
import { Failure } from "../shared/http";

export interface DoorTicket {
  code_sha256: string;
  name: string;
  checked_in_at: string | null;
  checked_in_by: string | null;
}

export interface GuestList {
  tickets: DoorTicket[];
}

export interface Scan {
  scan_id: string;
  code: string;
  at: string;
}

export interface SyncResult {
  scan_id: string;
  outcome: "checked_in" | "already" | "not_valid" | "unknown";
  name: string | null;
  checked_in_at: string | null;
  checked_in_by: string | null;
}

export type Outcome = "in" | "kept" | "already" | "refused" | "undone";

export interface Admission {
  outcome: Outcome;
  name: string;
  /** When they came in, of those who did. */
  at: string | null;
  by: string | null;
  detail: string;
  /** Set where the admission can be taken back. */
  registrationId: string | null;
}

interface CheckedIn {
  registration_id: string;
  name: string;
  checked_in_at: string;
  checked_in_by: string;
}

export interface DoorPorts {
  fetchList(): Promise<GuestList>;
  checkIn(scan: Scan): Promise<CheckedIn>;
  undo(registrationId: string): Promise<void>;
  sync(scans: Scan[]): Promise<SyncResult[]>;
  load(): Promise<{ list: GuestList | null; scans: Scan[] }>;
  save(kept: { list: GuestList | null; scans: Scan[] }): Promise<void>;
  digest(code: string): Promise<string>;
  newId(): string;
  now(): Date;
  changed(): void;
}

const SYNC_AT_ONCE = 200;

/** The code in what was scanned or typed: a ticket's address, or the code with gaps and letters misread. */
export function readCode(given: string): string {
  const last = given.trim().split("/").at(-1) ?? "";
  return last.toUpperCase().replace(/[ -]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
}

/** Whether it may be a ticket's code at all, so that a name is not sent as one. */
export function looksLikeCode(given: string): boolean {
  return /^[0-9A-HJKMNP-TV-Z]{16}$/.test(readCode(given));
}

export class Door {
  scans: Scan[] = [];
  recent: Admission[] = [];
  /** Whether the last call to the service got an answer. */
  online = true;
  private list: GuestList | null = null;
  private syncing = false;

  constructor(private readonly ports: DoorPorts) {}

  async start(): Promise<void> {
    const kept = await this.ports.load();
    this.list = kept.list;
    this.scans = kept.scans;
    await this.refresh();
  }

  get known(): boolean {
    return this.list !== null;
  }

  get counts(): { inside: number; expected: number } {
    const tickets = this.list?.tickets ?? [];
    return { inside: tickets.filter((ticket) => ticket.checked_in_at !== null).length, expected: tickets.length };
  }

  /** Those whose name holds the words, to say whether they are expected and inside. */
  named(words: string): DoorTicket[] {
    const wanted = words.trim().toLocaleLowerCase();
    if (wanted.length < 2) return [];
    return (this.list?.tickets ?? []).filter((ticket) => ticket.name.toLocaleLowerCase().includes(wanted)).slice(0, 8);
  }

  /** Sends what was kept and fetches the list anew; without a connection all stays as it is. */
  async refresh(): Promise<void> {
    try {
      await this.sendKept();
      const list = await this.ports.fetchList();
      this.online = true;
      await this.adopt(list);
    } catch (error) {
      this.online = error instanceof Failure && error.status !== 0;
    }
    this.ports.changed();
  }

  async admit(given: string): Promise<Admission> {
    const scan = { scan_id: this.ports.newId(), code: readCode(given), at: this.ports.now().toISOString() };
    const ticket = await this.ticketOf(scan.code);
    let admission: Admission;
    try {
      const done = await this.ports.checkIn(scan);
      this.online = true;
      mark(ticket, done.checked_in_at, done.checked_in_by);
      admission = { outcome: "in", name: done.name, at: done.checked_in_at, by: done.checked_in_by, detail: "", registrationId: done.registration_id };
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure("Something went wrong.", 0);
      admission = failure.retryable ? await this.admitAlone(scan, ticket) : refused(failure, ticket);
    }
    this.recent = [admission, ...this.recent].slice(0, 10);
    this.ports.changed();
    return admission;
  }

  /** Takes an admission back, which needs the service. */
  async undo(admission: Admission): Promise<void> {
    if (admission.registrationId === null) return;
    await this.ports.undo(admission.registrationId);
    this.recent = this.recent.map((each) => (each === admission ? { ...each, outcome: "undone", registrationId: null } : each));
    await this.refresh();
  }

  private async admitAlone(scan: Scan, ticket: DoorTicket | undefined): Promise<Admission> {
    this.online = false;
    const nobody = { at: null, by: null, registrationId: null };
    if (ticket === undefined) {
      return { ...nobody, outcome: "refused", name: "", detail: this.known ? "Not on the list that is kept here, and there is no connection to ask." : "There is no connection, and no list is kept here yet." };
    }
    if (ticket.checked_in_at !== null) return already(ticket.name, ticket.checked_in_at, ticket.checked_in_by);
    mark(ticket, scan.at, "this device");
    this.scans = [...this.scans, scan];
    await this.keep();
    return { ...nobody, outcome: "kept", name: ticket.name, at: scan.at, detail: "Kept here; it is sent once there is a connection." };
  }

  private async sendKept(): Promise<void> {
    if (this.syncing) return;
    this.syncing = true;
    try {
      while (this.scans.length > 0) {
        const batch = this.scans.slice(0, SYNC_AT_ONCE);
        const results = await this.ports.sync(batch);
        const doubtful = results.filter((result) => result.outcome !== "checked_in");
        this.recent = [...doubtful.map(late), ...this.recent].slice(0, 20);
        this.scans = this.scans.filter((scan) => !batch.includes(scan));
        await this.keep();
      }
    } finally {
      this.syncing = false;
    }
  }

  /** Takes a new list, without forgetting who was let in meanwhile. */
  private async adopt(list: GuestList): Promise<void> {
    this.list = list;
    for (const scan of this.scans) mark(await this.ticketOf(scan.code), scan.at, "this device");
    await this.keep();
  }

  private async ticketOf(code: string): Promise<DoorTicket | undefined> {
    const hash = await this.ports.digest(code);
    return this.list?.tickets.find((ticket) => ticket.code_sha256 === hash);
  }

  private async keep(): Promise<void> {
    await this.ports.save({ list: this.list, scans: this.scans }).catch(() => undefined);
  }
}

function mark(ticket: DoorTicket | undefined, at: string, by: string): void {
  if (ticket === undefined || ticket.checked_in_at !== null) return;
  ticket.checked_in_at = at;
  ticket.checked_in_by = by;
}

function already(name: string, at: string, by: string | null): Admission {
  return { outcome: "already", name, at, by, detail: "", registrationId: null };
}

function refused(failure: Failure, ticket: DoorTicket | undefined): Admission {
  const body = (failure.body ?? {}) as Partial<CheckedIn>;
  if (failure.status === 409 && typeof body.checked_in_at === "string") {
    mark(ticket, body.checked_in_at, body.checked_in_by ?? "");
    return { ...already(body.name ?? ticket?.name ?? "", body.checked_in_at, body.checked_in_by ?? null), registrationId: body.registration_id ?? null };
  }
  return { outcome: "refused", name: ticket?.name ?? "", at: null, by: null, detail: failure.message, registrationId: null };
}

/** What the service made of a scan that was let in without it. */
function late(result: SyncResult): Admission {
  const name = result.name ?? "";
  if (result.outcome === "already") return { ...already(name, result.checked_in_at ?? "", result.checked_in_by), detail: "Was let in here without a connection, and elsewhere too." };
  return { outcome: "refused", name, at: null, by: null, detail: "Was let in here without a connection, but the ticket does not hold.", registrationId: null };
}
