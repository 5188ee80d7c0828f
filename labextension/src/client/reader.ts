import type { Listener } from '../view/source';
import { DELTAS } from '../view/state/events';
import { fields, list, number, text } from '../view/state/read';

/** What a frame means for the connection that brought it. */
export type Verdict = 'go on' | 'gap' | 'over' | 'unknown task' | 'refused';

/** Reads a server's frames in order: each stored event reaches the listener once, without gaps. */
export class FrameReader {
  /** The last stored event that was passed on. */
  last: number;
  private tolerated = 0;

  constructor(
    private readonly listener: Listener,
    after: number,
  ) {
    this.last = after;
  }

  read(raw: unknown): Verdict {
    const frame = fields(raw);
    switch (frame.type) {
      case 'connected':
        this.listener.attached(frame.status, frame.last_seq);
        this.listener.connection('live');
        return 'go on';
      case 'step':
        return this.pass([frame.data]);
      case 'steps':
        return this.pass(list(frame.data));
      case 'result':
        this.listener.result(frame.data);
        return 'over';
      case 'error':
        return this.refusal(fields(frame.data));
      default:
        return 'go on';
    }
  }

  private pass(events: readonly unknown[]): Verdict {
    const fresh: unknown[] = [];
    let verdict: Verdict = 'go on';
    for (const event of events) {
      const seq = number(fields(event).seq);
      if (seq === undefined || DELTAS.has(text(fields(event).event_type))) {
        fresh.push(event);
        continue;
      }
      if (seq <= this.last) continue;
      if (seq > this.last + 1 && seq !== this.tolerated) {
        // Asked for once more; if the server still has nothing in between, there is nothing.
        this.tolerated = seq;
        verdict = 'gap';
        break;
      }
      this.last = seq;
      fresh.push(event);
    }
    if (fresh.length > 0) this.listener.events(fresh);
    return verdict;
  }

  private refusal(error: ReturnType<typeof fields>): Verdict {
    const reason = text(error.reason);
    if (reason === 'task_not_found') return 'unknown task';
    const refused = ['unauthenticated', 'unauthorized', 'forbidden'].includes(reason);
    if (refused) this.listener.refused(text(error.message));
    return refused ? 'refused' : 'go on';
  }
}
