import { html, nothing, type TemplateResult } from 'lit';
import { edgesOf } from '../follow';
import { ICONS, type IconName } from '../icons';
import { trans } from '../words';
import { floatAt } from './floating';

/** Something that can be done with a run. */
export interface Tool {
  readonly name: string;
  readonly icon: IconName;
  /** On or off; absent for what is done once. */
  readonly on?: boolean;
  /** Also a button of its own beside the menu, where there is room. */
  readonly near?: boolean;
  /** A new group begins with it in the menu. */
  readonly group?: boolean;
  act(): void;
}

const SAID_MS = 1500;

/** A row of quiet buttons for the tools that are near at hand, and a menu with all of them. */
export class Toolbar {
  private open = false;
  private said = '';
  private root: Element | null = null;

  constructor(private readonly changed: () => void) {}

  template(tools: readonly Tool[]): TemplateResult {
    return html`<div
      class="toolbar"
      role="toolbar"
      aria-label=${trans.__('Tools for this run')}
      ?data-open=${this.open}
      @keydown=${this.key}
    >
      <span class="said" aria-live="polite">${this.said}</span>
      ${tools.filter(({ near }) => near).map(tool => this.button(tool))}
      <button
        type="button"
        class="tool more-tools"
        aria-label=${trans.__('More')}
        title=${trans.__('More')}
        aria-haspopup="menu"
        aria-expanded=${this.open ? 'true' : 'false'}
        @click=${(event: Event) => this.toggle(event)}
      >${ICONS.more}</button>
      ${this.open ? this.menu(tools) : nothing}
    </div>`;
  }

  /** Says what came of it, where it was asked for. */
  say(said: string): void {
    this.said = said;
    this.changed();
    setTimeout(() => {
      this.said = '';
      this.changed();
    }, SAID_MS);
  }

  /** After each rendering: the menu stands over everything, and has the focus when it opens. */
  rendered(root: ParentNode): void {
    this.root = root.querySelector('.toolbar');
    const menu = this.root?.querySelector<HTMLElement>('.menu');
    const { opener } = this;
    if (!menu || !opener) return;
    floatAt(menu, opener.getBoundingClientRect(), 'end');
    if (!menu.contains(activeIn(menu)))
      menu.querySelector('button')?.focus({ preventScroll: true });
  }

  /** The view leaves the page: no menu of it stays behind. */
  stop(): void {
    this.shut();
    for (const button of this.root?.querySelectorAll<HTMLElement>('.menu button') ?? [])
      button.blur();
  }

  private button(tool: Tool): TemplateResult {
    return html`<button
      type="button"
      class="tool"
      tabindex="-1"
      aria-label=${tool.name}
      title=${tool.name}
      aria-pressed=${tool.on === undefined ? nothing : tool.on ? 'true' : 'false'}
      @click=${() => tool.act()}
    >${ICONS[tool.icon]}</button>`;
  }

  private menu(tools: readonly Tool[]): TemplateResult {
    return html`<div class="menu" role="menu" popover="manual" aria-label=${trans.__('Tools for this run')} @focusout=${this.left}>
      ${tools.map(
        tool => html`${tool.group ? html`<hr role="separator" />` : nothing}
          <button
            type="button"
            role=${tool.on === undefined ? 'menuitem' : 'menuitemcheckbox'}
            aria-checked=${tool.on === undefined ? nothing : tool.on ? 'true' : 'false'}
            tabindex="-1"
            @click=${() => this.choose(tool)}
          >
            ${ICONS[tool.icon]}<span>${tool.name}</span>${tool.on ? ICONS.completed : nothing}
          </button>`,
      )}
    </div>`;
  }

  private get opener(): HTMLElement | null | undefined {
    return this.root?.querySelector<HTMLElement>('.more-tools');
  }

  /** The menu stays by its button, and goes out of sight with it; a run that streams moves the page too. */
  private readonly moved = (event: Event): void => {
    const menu = this.root?.querySelector<HTMLElement>('.menu');
    const { opener } = this;
    if (!menu || !opener || event.composedPath().includes(menu)) return;
    const box = opener.getBoundingClientRect();
    const { upper, lower } = edgesOf(opener);
    if (box.bottom <= upper || box.top >= lower) this.close(false);
    else floatAt(menu, box, 'end');
  };

  private choose(tool: Tool): void {
    this.close(true);
    tool.act();
  }

  private toggle(event: Event): void {
    event.stopPropagation();
    if (this.open) this.close(true);
    else {
      this.open = true;
      addEventListener('scroll', this.moved, { capture: true, passive: true });
      this.changed();
    }
  }

  private shut(): void {
    this.open = false;
    removeEventListener('scroll', this.moved, { capture: true });
  }

  private close(backToButton: boolean): void {
    this.shut();
    if (backToButton) this.opener?.focus();
    this.changed();
  }

  /** The focus went elsewhere, by a click or by Tab. */
  private readonly left = (event: FocusEvent): void => {
    const to = event.relatedTarget;
    const menu = event.currentTarget as HTMLElement;
    // The button closes it itself.
    const inside = to instanceof Node && (menu.contains(to) || this.opener === to);
    if (this.open && !inside && menu.isConnected) this.close(false);
  };

  private readonly key = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    const inMenu = target.closest('.menu') !== null;
    const step = inMenu ? UP_DOWN[event.key] : LEFT_RIGHT[event.key];
    if (inMenu && event.key === 'Escape') this.close(true);
    else if (step !== undefined) move(target, step, inMenu ? '.menu button' : '.toolbar > .tool');
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

type Step = 1 | -1 | 'first' | 'last';

const UP_DOWN: Readonly<Record<string, Step>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  Home: 'first',
  End: 'last',
};
const LEFT_RIGHT: Readonly<Record<string, Step>> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  Home: 'first',
  End: 'last',
};

function move(from: HTMLElement, step: Step, among: string): void {
  const toolbar = from.closest('.toolbar');
  // Where it is narrow only the menu's button is there.
  const all = [...(toolbar?.querySelectorAll<HTMLElement>(among) ?? [])].filter(
    button => button.getClientRects().length > 0,
  );
  const at = all.indexOf(from);
  const to = step === 'first' ? 0 : step === 'last' ? all.length - 1 : at + step;
  all[(to + all.length) % all.length]?.focus();
}

function activeIn(node: Node): Element | null {
  const root = node.getRootNode();
  return root instanceof ShadowRoot || root instanceof Document ? root.activeElement : null;
}
