/** Which of their organisations somebody is working in. Kept in a cookie of this browser: it is a preference, no secret. */
import { useEffect } from "preact/hooks";
import { Store, useStore } from "../lib/store";
import { useOrganisations } from "../api/organisations";
import type { Organisation } from "../api/types";

const COOKIE = "muster_organisation";

function remembered(): string | null {
  return document.cookie.split("; ").find((each) => each.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? null;
}

export const chosenOrganisation = new Store<string | null>(remembered());
chosenOrganisation.watch((id) => {
  document.cookie = `${COOKIE}=${id ?? ""}; path=/; SameSite=Lax; max-age=${id === null ? 0 : 365 * 86_400}`;
});

/** The organisation in use; undefined while it loads, null for somebody who has none yet. */
export function useOrganisation(): Organisation | null | undefined {
  const { data } = useOrganisations();
  const chosen = useStore(chosenOrganisation);
  if (data === undefined) return undefined;
  return data.find((each) => each.id === chosen) ?? data[0] ?? null;
}

/**
 * The id of the organisation in use, for lists that need no more: known at once on a browser that remembers it, so that
 * the list does not wait for the organisations. Undefined while it loads, null for somebody who has none.
 */
export function useOrganisationId(): string | null | undefined {
  const organisation = useOrganisation();
  const chosen = useStore(chosenOrganisation);
  const id = organisation?.id;
  useEffect(() => {
    if (id !== undefined) chosenOrganisation.set(id);
  }, [id]);
  return organisation === undefined ? (chosen ?? undefined) : (id ?? null);
}
