/** The guests' page: its address to copy, its QR code to print. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import type { GuestPage } from "../../api/types";
import { toast } from "../../ui/feedback";
import { Icon } from "../../ui/icon";
import { Card } from "../../ui/page";

export function GuestPageCard({ page, title }: { page: GuestPage; title: string }): JSX.Element {
  const address = new URL(page.url, location.origin).href;
  const code = useQuery({
    queryKey: ["qr", address],
    queryFn: async () => {
      const { encode } = await import("uqr");
      return encode(address, { ecc: "M", border: 2 });
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const copy = (): void => {
    navigator.clipboard.writeText(address).then(
      () => toast("The link is copied."),
      () => toast("The browser did not allow copying. Please copy the link by hand.", "bad"),
    );
  };
  return (
    <Card title="Guest page">
      <div class="guest-page">
        {code.data !== undefined && (
          <svg class="qr" viewBox={`0 0 ${code.data.size} ${code.data.size}`} role="img" aria-label={`QR code of the guest page of ${title}`}>
            <rect width={code.data.size} height={code.data.size} class="qr-ground" />
            <path d={squares(code.data.data)} class="qr-ink" />
          </svg>
        )}
        <div class="stack">
          <a href={address} target="_blank" rel="noopener">
            {address.replace(/^https?:\/\//, "")}
          </a>
          <div class="actions">
            <button type="button" class="button button-small" onClick={copy}>
              <Icon name="copy" /> Copy the link
            </button>
          </div>
          {!page.enabled && <p class="muted small">The page is switched off.</p>}
        </div>
      </div>
    </Card>
  );
}

/** One path over all dark squares of the code. */
function squares(rows: readonly (readonly boolean[])[]): string {
  return rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : []))).join("");
}
