type Root = ParentNode & { readonly activeElement?: Element | null };

/**
 * Where the keyboard is when a request comes, changes or goes.
 *
 * A request takes the focus only from the view that it belongs to, never from what somebody types, and
 * goes to the request as a whole: a key that was meant for something else must not approve.
 */
export class Attention {
  private known = new Set<string>();
  private held: string | undefined;

  constructor(private readonly view: HTMLElement) {}

  /** Before each rendering, which may take away what has the focus. */
  remember(root: Root): void {
    const at = root.activeElement?.closest<HTMLElement>('.ask[data-request]');
    if (at) this.held = nameOf(at);
  }

  /** After each rendering. */
  look(root: Root): void {
    const asks = [...root.querySelectorAll<HTMLElement>('.ask[data-request][tabindex]')];
    const fresh = asks.find(ask => !this.known.has(nameOf(ask)));
    this.known = new Set(asks.map(nameOf));
    const active = root.activeElement ?? null;
    const at = active?.closest<HTMLElement>('.ask[data-request]') ?? undefined;
    if (at !== undefined) {
      this.held = nameOf(at);
      this.follow(at, active);
      return;
    }
    const here = this.view.ownerDocument.activeElement;
    const lost = here === null || here === this.view.ownerDocument.body;
    if (this.held !== undefined && (lost || here === this.view) && active === null) {
      this.restore(root, this.held);
    } else if (fresh !== undefined && here === this.view && !typesIn(active)) {
      fresh.focus({ preventScroll: true });
    } else if (!lost) {
      this.held = undefined;
    }
  }

  /** A form that was opened is typed into at once. */
  private follow(ask: HTMLElement, active: Element | null): void {
    const first = ask.querySelector<HTMLElement>('[data-first]');
    if (first === null || active?.closest('form') !== null) return;
    first.focus();
  }

  private restore(root: ParentNode, request: string): void {
    const ask = root.querySelector<HTMLElement>(`.ask[data-request="${CSS.escape(request)}"]`);
    if (ask?.hasAttribute('tabindex')) {
      const first = ask.querySelector<HTMLElement>('[data-first]:enabled');
      (first ?? ask).focus();
      return;
    }
    this.held = undefined;
    const row = root.querySelector<HTMLElement>(`[data-asked="${CSS.escape(request)}"]`);
    (row?.querySelector<HTMLElement>('button.head') ?? row)?.focus({ preventScroll: true });
  }
}

function nameOf(ask: HTMLElement): string {
  return ask.dataset.request ?? '';
}

function typesIn(active: Element | null): boolean {
  return active?.matches('input, textarea, select') ?? false;
}
