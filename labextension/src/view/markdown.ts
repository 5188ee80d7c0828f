import { onNextFrame } from './paint';

type Render = (markdown: string, node: HTMLElement) => Promise<void>;

/**
 * Markdown that grows: finished blocks are rendered once and left alone, the last one again as it grows.
 *
 * So nothing above the last paragraph moves, a selection in it survives, and the end of the stream is
 * no jump.
 */
export class GrowingMarkdown {
  private text = '';
  private growing = true;
  private settled = 0;
  private shown: string | undefined;
  private shownWhole = false;
  private tail: HTMLElement | undefined;
  private busy = false;

  constructor(
    private readonly node: HTMLElement,
    private readonly render: Render,
  ) {}

  show(text: string, growing: boolean): void {
    this.text = text;
    this.growing = growing;
    if (!this.busy) void this.catchUp();
  }

  private async catchUp(): Promise<void> {
    this.busy = true;
    while (this.isBehind()) {
      await this.paint(this.text, this.growing);
      if (this.isBehind()) await new Promise<void>(resolve => onNextFrame(resolve));
    }
    this.busy = false;
  }

  private isBehind(): boolean {
    return this.text !== this.shown || (!this.growing && !this.shownWhole);
  }

  private async paint(text: string, growing: boolean): Promise<void> {
    const restarted = this.shown === undefined || !text.startsWith(this.shown);
    const whole = !growing || restarted;
    if (whole) this.settled = 0;
    // One block that is complete already looks as the whole would.
    if (!(whole && text === this.shown && this.settledNever())) {
      await this.blocks(text, growing, whole);
    }
    this.shown = text;
    this.shownWhole = !growing;
  }

  private settledNever(): boolean {
    return this.node.childElementCount <= 1;
  }

  private async blocks(text: string, growing: boolean, fromStart: boolean): Promise<void> {
    const end = growing ? lastBlockEnd(text, this.settled) : this.settled;
    const parts = [text.slice(this.settled, end), text.slice(end)].filter(
      part => part.trim() !== '',
    );
    const made = await Promise.all(parts.map(part => this.block(part)));
    if (fromStart) this.node.replaceChildren(...made);
    else if (this.tail === undefined) this.node.append(...made);
    else this.tail.replaceWith(...made);
    this.tail = text.slice(end).trim() === '' ? undefined : made.at(-1);
    this.settled = end;
  }

  private async block(markdown: string): Promise<HTMLElement> {
    const block = document.createElement('div');
    try {
      await this.render(markdown, block);
    } catch {
      block.textContent = markdown;
      block.style.whiteSpace = 'pre-wrap';
    }
    return block;
  }
}

/** Where the last block that cannot change any more ends: at a blank line outside of fences and lists. */
export function lastBlockEnd(text: string, from: number): number {
  let end = from;
  let fence = '';
  let position = from;
  for (const line of text.slice(from).split('\n')) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1] ?? '';
    if (fence === '') fence = mark;
    else if (mark.startsWith(fence)) fence = '';
    position += line.length + 1;
    const next = text.slice(position, position + 1);
    // A blank line before something indented may be the inside of a list.
    const starts = next !== '' && next !== '\n' && !/[\s\-*+\d]/.test(next);
    if (fence === '' && line.trim() === '' && starts && position <= text.length) end = position;
  }
  return end;
}
