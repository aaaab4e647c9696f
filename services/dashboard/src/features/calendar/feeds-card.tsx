/** Feeds that Google, Apple and Outlook subscribe to; each has an address of its own that can be ended. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { createFeed, type Feed, listFeeds, type NewFeed, revokeFeed } from "../../api/calendar";
import { messageOf } from "../../api/problem";
import { CopyLine } from "../../ui/copy";
import { Confirm, Dialog } from "../../ui/dialog";
import { Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { Card } from "../../ui/page";

const KINDS = { organization: "The whole organisation", personal: "What you go to and run" } as const;

export function FeedsCard({ orgId }: { orgId: string }): JSX.Element {
  const [made, setMade] = useState<NewFeed | null>(null);
  const [ending, setEnding] = useState<Feed | null>(null);
  const feeds = useQuery({ queryKey: ["feeds"], queryFn: listFeeds });
  const make = (kind: Feed["kind"]): void => {
    createFeed({ kind, label: "", ...(kind === "organization" ? { org_id: orgId } : {}) })
      .then(setMade)
      .catch((error: unknown) => toast(messageOf(error), "bad"))
      .finally(() => void feeds.refetch());
  };
  return (
    <Card title="In your own calendar">
      <div class="stack">
        <p class="muted">Subscribe once in Google, Apple or Outlook; changes follow by themselves.</p>
        <div class="actions">
          {(Object.keys(KINDS) as Feed["kind"][]).map((kind) => (
            <button key={kind} type="button" class="button button-small" onClick={() => make(kind)}>
              {KINDS[kind]}
            </button>
          ))}
        </div>
        {feeds.isPending ? (
          <Skeleton lines={2} />
        ) : feeds.data === undefined ? (
          <Failed error={feeds.error} retry={() => void feeds.refetch()} />
        ) : (
          <ul class="people">
            {feeds.data.items.map((feed) => (
              <li key={feed.id} class="person-row two">
                <div class="person-main">
                  <strong>{feed.label === "" ? KINDS[feed.kind] : feed.label}</strong>
                  <p class="muted small">since {new Date(feed.created_at).toLocaleDateString()}</p>
                </div>
                <div class="actions">
                  <button type="button" class="button button-small button-danger" aria-label={`End the feed ${KINDS[feed.kind]}`} onClick={() => setEnding(feed)}>
                    End
                  </button>
                </div>
              </li>
            ))}
          </ul>
        )}
      </div>
      {made !== null && (
        <Dialog title="Your feed" onClose={() => setMade(null)}>
          <Notice tone="warn">The address is shown this once, and whoever has it reads the calendar. Keep it to yourself.</Notice>
          <CopyLine text={made.url} what="The address" />
          <div class="actions">
            <a class="button button-primary" href={made.webcal_url}>
              Open in a calendar program
            </a>
          </div>
        </Dialog>
      )}
      {ending !== null && (
        <Confirm title="End this feed?" action="End it" run={() => revokeFeed(ending.id)} renew={[["feeds"]]} onDone={() => toast("Its address is dead.")} onClose={() => setEnding(null)}>
          <p>Calendar programs that subscribe to it get nothing more.</p>
        </Confirm>
      )}
    </Card>
  );
}
