/** Keeps a mistake in one page from taking the frame and the way out with it. */
import { Component, type ComponentChildren } from "preact";
import { Notice } from "../ui/feedback";

interface Props {
  children: ComponentChildren;
}

export class Boundary extends Component<Props, { broken: boolean }> {
  override state = { broken: false };

  static override getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ComponentChildren {
    if (!this.state.broken) return this.props.children;
    return (
      <Notice tone="bad">
        <p>Something on this page went wrong here in the browser. What you sent before is safe.</p>
        <button type="button" class="button button-small" onClick={() => location.reload()}>
          Load the page again
        </button>
      </Notice>
    );
  }
}
