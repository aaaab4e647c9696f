/** The frame around every page: the way around, the organisation, the way out. */
import type { ComponentChildren, JSX } from "preact";
import { signOut } from "../api/session";
import { useOrganisations } from "../api/organisations";
import { Icon, type IconName } from "../ui/icon";
import { chosenOrganisation } from "./organisation";
import { go, Link } from "./router";
import { useStore } from "../lib/store";

const PLACES: readonly (readonly [href: string, label: string, icon: IconName])[] = [
  ["/events", "Events", "anchor"],
  ["/crew", "Crew", "crew"],
  ["/calendar", "Calendar", "calendar"],
  ["/deliveries", "Mails", "mail"],
  ["/settings", "Settings", "settings"],
];

export function Frame({ signedIn, path, children }: { signedIn: boolean; path: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class={signedIn ? "frame" : "frame frame-public"}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <Link class="brand" href="/">
          <Mark /> <span>Muster</span>
        </Link>
        {signedIn ? <Person /> : <Visitor path={path} />}
      </header>
      {signedIn && (
        <nav class="places" aria-label="Main">
          {PLACES.map(([href, label, icon]) => (
            <Link key={href} href={href} aria-current={path === href || path.startsWith(`${href}/`) ? "page" : undefined}>
              <Icon name={icon} />
              <span>{label}</span>
            </Link>
          ))}
        </nav>
      )}
      <main id="main" class="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M7 23V10l9 7 9-7v13" />
    </svg>
  );
}

function Visitor({ path }: { path: string }): JSX.Element {
  return (
    <nav class="visitor" aria-label="Account">
      <Link class="plain-link" href="/discover">
        Find events
      </Link>
      {path !== "/sign-in" && (
        <Link class="button button-small" href="/sign-in">
          Sign in
        </Link>
      )}
    </nav>
  );
}

function Person(): JSX.Element {
  const organisations = useOrganisations();
  const chosen = useStore(chosenOrganisation);
  const list = organisations.data ?? [];
  const current = list.find((each) => each.id === chosen) ?? list[0];
  return (
    <div class="person">
      {list.length > 0 && (
        <>
          <select aria-label="Organisation" class="input organisation" value={current?.id} onChange={(event) => chosenOrganisation.set(event.currentTarget.value)}>
            {list.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name}
              </option>
            ))}
          </select>
        </>
      )}
      <Link class="icon-button" href="/registered" aria-label="Where you go" title="Where you go">
        <Icon name="ticket" />
      </Link>
      <Link class="icon-button" href="/discover" aria-label="Find events" title="Find events">
        <Icon name="compass" />
      </Link>
      <button type="button" class="icon-button" aria-label="Sign out" title="Sign out" onClick={() => void signOut().then(() => go("/sign-in"))}>
        <Icon name="signout" />
      </button>
    </div>
  );
}
