/** A place at an event: the ticket with its code, or where one stands in the queue. */
import type { JSX } from "preact";
import type { RegistrationView } from "../../api/public";
import { Notice } from "../../ui/feedback";

export function TicketView({ registration }: { registration: RegistrationView }): JSX.Element {
  if (registration.status === "cancelled") return <Notice tone="plain">This registration was cancelled.</Notice>;
  if (registration.status === "waitlisted") {
    return (
      <Notice tone="warn">
        <p>
          <strong>You are on the waiting list{registration.position === null ? "" : `, number ${registration.position}`}.</strong>
        </p>
        <p>As soon as a place is free, it is yours, and we mail you.</p>
      </Notice>
    );
  }
  const { ticket } = registration;
  return (
    <div class="ticket">
      {ticket !== null && <img class="qr" src={ticket.qr_svg_url} alt="QR code of the ticket" width={144} height={144} />}
      <div class="stack">
        <p>
          <strong>You have a place.</strong> Show this code at the door.
        </p>
        {ticket !== null && <code>{ticket.code}</code>}
        {ticket !== null && (
          <a href={`/t/${encodeURIComponent(ticket.code)}`} target="_blank" rel="noopener">
            Open the ticket to print
          </a>
        )}
      </div>
    </div>
  );
}
