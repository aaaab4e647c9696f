/** The organisations of whoever is signed in. */
import { useQuery, type UseQueryResult } from "@tanstack/preact-query";
import { client, read } from "./client";
import type { Organisation, Page } from "./types";

export function useOrganisations(): UseQueryResult<Organisation[]> {
  return useQuery({
    queryKey: ["organisations"],
    queryFn: async () => (await read<Page<Organisation>>(client.GET("/api/organizations", { params: { query: { limit: 100 } } }))).items,
    staleTime: 60_000,
  });
}
