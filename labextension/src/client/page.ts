import type {
  ApplyFrame,
  Cell,
  OpenNotebook,
  PageFrame,
  PageServerFrame,
  ReadFrame,
  RunFrame,
} from '../page.gen';
import type { Address } from './address';
import { Line } from './line';

const FIRST_WAIT_MS = 250;
/** The server gives a page that lost its connection five seconds before it takes the file instead. */
const LONGEST_WAIT_MS = 3_000;
/** A server that has never let the page in, because it may not work here, is hardly asked. */
const REFUSED_WAIT_MS = 60_000;

/** What the server may ask of a page. */
export type PageRequest = ReadFrame | ApplyFrame | RunFrame;

/** What carries the server's requests out. */
export interface Desk {
  /** The notebooks that are open now. */
  notebooks(): OpenNotebook[];
  /** Resolves with the cells to answer with; rejects with a `Refusal`. */
  carryOut(request: PageRequest, signal: AbortSignal): Promise<Cell[]>;
  /** How an error is told. */
  failure(id: number, error: unknown): PageFrame;
}

/** The page's own way to the server, for the notebooks that are open in it. */
export class PageChannel {
  private admitted = false;
  private told = '';
  private readonly line: Line;
  private readonly running = new Map<number, AbortController>();

  constructor(
    private readonly address: Address,
    private readonly desk: Desk,
    life: AbortSignal,
  ) {
    const caller = {
      url: () => this.url(),
      opened: () => {
        this.admitted = true;
        this.told = '';
        this.tell();
      },
      hear: (frame: unknown) => void this.hear(frame as PageServerFrame | undefined),
      lost: () => true,
    };
    const longest = (): number => (this.admitted ? LONGEST_WAIT_MS : REFUSED_WAIT_MS);
    this.line = new Line(caller, { first: FIRST_WAIT_MS, longest });
    life.addEventListener('abort', () => this.line.close());
  }

  /** Tells the server what is open now, if that is news. */
  tell(): void {
    const frame: PageFrame = { type: 'notebooks', notebooks: this.desk.notebooks() };
    const text = JSON.stringify(frame);
    if (text !== this.told && this.line.send(text)) this.told = text;
  }

  private url(): string {
    const url = new URL('ws/page', this.address.socket);
    if (this.address.token !== '') url.searchParams.set('token', this.address.token);
    return url.href;
  }

  private async hear(frame: PageServerFrame | undefined): Promise<void> {
    if (frame === undefined || frame.type === 'pong') return;
    if (frame.type === 'stop') {
      this.running.get(frame.id)?.abort();
      return;
    }
    const { calls } = this.line;
    const life = new AbortController();
    this.running.set(frame.id, life);
    let answer: PageFrame;
    try {
      const cells = await this.desk.carryOut(frame, life.signal);
      answer = { type: 'done', id: frame.id, cells };
    } catch (error) {
      answer = this.desk.failure(frame.id, error);
    }
    this.running.delete(frame.id);
    // On another connection the server would not know the request.
    if (this.line.calls === calls) this.line.send(JSON.stringify(answer));
  }
}
