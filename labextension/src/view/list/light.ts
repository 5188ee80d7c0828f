import { GrowingMarkdown } from '../markdown';
import { textOf } from '../row/summary';
import type { Host } from '../source';
import type { Fields } from '../state/read';
import { trans } from '../words';

export type LightContent =
  | { readonly kind: 'markdown'; readonly text: string; readonly growing: boolean }
  | { readonly kind: 'code'; readonly code: string; readonly language: string }
  | { readonly kind: 'mime'; readonly bundle: Fields };

const CLASSES: Readonly<Record<LightContent['kind'], string>> = {
  markdown: 'agentkit-text',
  code: 'agentkit-code',
  mime: 'agentkit-result',
};

interface Part {
  readonly node: HTMLElement;
  readonly markdown: GrowingMarkdown | undefined;
  content: LightContent | undefined;
}

/**
 * What the host renders, outside of the shadow root: only there does the page's own look of tables,
 * figures and code reach it. Each part goes through a slot of its own name.
 */
export class LightParts {
  private readonly parts = new Map<string, Part>();

  constructor(
    private readonly element: HTMLElement,
    private readonly host: Host,
  ) {
    if (host.css === '') return;
    const style = document.createElement('style');
    style.textContent = host.css;
    element.append(style);
  }

  /** Makes the parts those that are wanted; a part that is wanted as before is left as it is. */
  show(wanted: ReadonlyMap<string, LightContent>): void {
    for (const [name, part] of this.parts) {
      if (wanted.has(name)) continue;
      part.node.remove();
      this.parts.delete(name);
    }
    for (const [name, content] of wanted)
      this.fill(this.parts.get(name) ?? this.make(name, content), content);
  }

  private make(name: string, content: LightContent): Part {
    const node = document.createElement('div');
    node.slot = name;
    node.className = CLASSES[content.kind];
    if (content.kind === 'markdown') node.dir = 'auto';
    this.element.append(node);
    const markdown =
      content.kind === 'markdown'
        ? new GrowingMarkdown(node, (text, into) => this.host.renderMarkdown(text, into))
        : undefined;
    const part: Part = { node, markdown, content: undefined };
    this.parts.set(name, part);
    return part;
  }

  private fill(part: Part, content: LightContent): void {
    const before = part.content;
    part.content = content;
    if (content.kind === 'markdown') {
      part.markdown?.show(content.text, content.growing);
    } else if (content.kind === 'code') {
      if (before?.kind !== 'code' || before.code !== content.code)
        void this.code(part.node, content.code, content.language);
    } else if (before?.kind !== 'mime' || before.bundle !== content.bundle) {
      void this.mime(part.node, content.bundle);
    }
  }

  private async code(node: HTMLElement, code: string, language: string): Promise<void> {
    try {
      await this.host.renderCode(code, language, node);
    } catch {
      const pre = document.createElement('pre');
      pre.textContent = code;
      node.replaceChildren(pre);
    }
  }

  private async mime(node: HTMLElement, bundle: Fields): Promise<void> {
    try {
      await this.host.renderMime(bundle, node);
    } catch {
      // Nothing here can show its types: the plain text says more than an error would.
      const pre = document.createElement('pre');
      const types = Object.keys(bundle).join(', ');
      pre.textContent = textOf(bundle['text/plain']) || trans.__('Cannot be shown here: %1', types);
      node.replaceChildren(pre);
    }
  }
}
