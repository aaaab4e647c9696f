/** What the settings pages share: where to go among them, and the organisation they are about. */
import type { ComponentChildren, JSX } from "preact";
import type { Organisation } from "../../api/types";
import { useOrganisation } from "../../app/organisation";
import { Link, usePlace } from "../../app/router";
import { Notice, Skeleton } from "../../ui/feedback";
import { PageHead } from "../../ui/page";

const PLACES = [
  ["/settings", "Organisation"],
  ["/settings/members", "Members"],
  ["/settings/keys", "Service keys"],
  ["/settings/webhooks", "Webhooks"],
  ["/settings/audit", "Audit log"],
  ["/settings/account", "Your account"],
] as const;

export function Settings({ children }: { children: ComponentChildren }): JSX.Element {
  const { path } = usePlace();
  return (
    <>
      <PageHead title="Settings" />
      <nav class="tabs" aria-label="Settings">
        {PLACES.map(([href, label]) => (
          <Link key={href} href={href} aria-current={path === href ? "page" : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <div class="stack-large narrow">{children}</div>
    </>
  );
}

/** For pages about an organisation; those only for owners say so to anybody else. */
export function OrganisationSettings({ ownersOnly = false, children }: { ownersOnly?: boolean; children: (organisation: Organisation) => ComponentChildren }): JSX.Element {
  const organisation = useOrganisation();
  return (
    <Settings>
      {organisation === undefined ? (
        <Skeleton lines={5} />
      ) : organisation === null ? (
        <Notice>
          You are in no organisation yet. <Link href="/organisations/new">Create one</Link>.
        </Notice>
      ) : ownersOnly && organisation.role !== "owner" ? (
        <Notice>Only owners of {organisation.name} see this.</Notice>
      ) : (
        children(organisation)
      )}
    </Settings>
  );
}
