import { boxTables } from './cuts';
import { addWords, plainWords } from './grown';
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
  /** What is shown was rendered from the text as it is, in one piece. */
  private exact = false;
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
    const goesOn = this.shown !== undefined && text.startsWith(this.shown);
    if (growing && goesOn && this.addPlain(text)) this.exact = false;
    else if (growing && goesOn) await this.append(text);
    else if (growing) await this.begin(text);
    else if (!(this.exact && text === this.shown)) await this.whole(text);
    this.shown = text;
    this.shownWhole = !growing;
  }

  private addPlain(text: string): boolean {
    const { shown, tail } = this;
    if (shown === undefined || tail === undefined) return false;
    const words = plainWords(shown, text);
    // Of a mark that is open, the page shows the end that we gave it.
    if (words === undefined || missing(shown.slice(this.settled)) !== '') return false;
    return addWords(tail, shown, words);
  }

  private async whole(text: string): Promise<void> {
    this.node.replaceChildren(await this.block(text));
  }

  private async begin(text: string): Promise<void> {
    const fresh = document.createElement('div');
    this.settled = 0;
    this.tail = undefined;
    await this.append(text, fresh);
    this.node.replaceChildren(...fresh.childNodes);
  }

  private async append(text: string, node: HTMLElement = this.node): Promise<void> {
    const end = lastBlockEnd(text, this.settled);
    const done = text.slice(this.settled, end);
    const open = text.slice(end);
    const tail = closed(open);
    const made = await Promise.all(
      [done, tail].filter(part => part.trim() !== '').map(part => this.block(part)),
    );
    if (this.tail === undefined) node.append(...made);
    else this.tail.replaceWith(...made);
    this.tail = tail.trim() === '' ? undefined : made.at(-1);
    this.exact = end === 0 && tail === open;
    this.settled = end;
  }

  private async block(markdown: string): Promise<HTMLElement> {
    const block = document.createElement('div');
    try {
      await this.render(markdown, block);
      boxTables(block);
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

/** A block that still grows, with the emphasis and code that it has begun closed: nothing flips later. */
export function closed(block: string): string {
  if (/^ {0,3}(```|~~~)/m.test(block) || missing(block) === '') return block;
  // Marks at the very end have nothing in them yet.
  const written = block.replace(/[*`]+$/, '');
  const marks = missing(written);
  return marks === '' ? written : `${written.trimEnd()}${marks}`;
}

function missing(block: string): string {
  if ((block.match(/`/g)?.length ?? 0) % 2 === 1) return '`';
  const prose = block.replace(/`[^`]*`/g, '').replace(/(^|\s)\*(?=\s)/gm, '');
  const strong = prose.match(/\*\*/g)?.length ?? 0;
  const soft = prose.replaceAll('**', '').match(/\*/g)?.length ?? 0;
  return `${soft % 2 === 1 ? '*' : ''}${strong % 2 === 1 ? '**' : ''}`;
}
