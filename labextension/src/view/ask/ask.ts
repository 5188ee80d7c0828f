import type { Answer } from '../source';
import { trans } from '../words';

/** What somebody is doing about one open request: beside the run's state, and gone with the page. */
export interface Ask {
  readonly mode: 'choose' | 'edit' | 'deny';
  /** What was typed, by field; a field that nobody touched is not in it. */
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly reason: string;
  /** The answer is on its way. */
  readonly sending: boolean;
  /** Why the last answer was not taken. */
  readonly problem: string;
}

export type Draft = string | boolean;

/** An open request that can be answered from here. */
export interface Asking {
  readonly ask: Ask;
  change(to: Partial<Ask>): void;
  draft(field: string, value: Draft): void;
  send(answer: Answer): void;
}

const UNTOUCHED: Ask = {
  mode: 'choose',
  drafts: new Map(),
  reason: '',
  sending: false,
  problem: '',
};

/** An answer that the run says nothing about for so long may be given again. */
const CONFIRMED_WITHIN_MS = 10_000;

/** The open requests of one view, by their ids: drafts outlive every rendering of their row. */
export class Asks {
  private readonly asks = new Map<string, Ask>();

  constructor(
    private readonly answer: (requestId: string, answer: Answer) => Promise<void>,
    private readonly changed: () => void,
  ) {}

  of(requestId: string): Ask {
    return this.asks.get(requestId) ?? UNTOUCHED;
  }

  asking(requestId: string): Asking {
    return {
      ask: this.of(requestId),
      change: to => this.change(requestId, to),
      draft: (field, value) => {
        const drafts = new Map(this.of(requestId).drafts).set(field, value);
        this.change(requestId, { drafts, problem: '' });
      },
      send: answer => void this.send(requestId, answer),
    };
  }

  private change(requestId: string, to: Partial<Ask>): void {
    this.asks.set(requestId, { ...this.of(requestId), ...to });
    this.changed();
  }

  private async send(requestId: string, answer: Answer): Promise<void> {
    if (this.of(requestId).sending) return;
    this.change(requestId, { sending: true, problem: '' });
    try {
      await this.answer(requestId, answer);
      // That it was taken is told by the run itself, which closes the request.
      setTimeout(() => {
        if (this.of(requestId).sending)
          this.change(requestId, { sending: false, problem: unconfirmed() });
      }, CONFIRMED_WITHIN_MS);
    } catch (error) {
      this.change(requestId, { sending: false, problem: problemOf(error) });
    }
  }
}

const unconfirmed = (): string =>
  trans.__('Nothing has confirmed your answer yet. You can give it again.');

/** What went wrong with what somebody wanted, for them to read. */
export function problemOf(error: unknown): string {
  // A fetch that reaches nobody fails with a TypeError, whose words are the browser's own.
  if (error instanceof Error && !(error instanceof TypeError) && error.message !== '')
    return error.message;
  return trans.__('The server could not be reached, so nothing was sent. Try again in a moment.');
}
