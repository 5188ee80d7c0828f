import type { TraceElement } from './element';
import type { Source } from './source';
import { fields, list, text } from './state/read';

type Open = (place: HTMLElement, source: Source) => TraceElement;

interface Next {
  readonly taskId: string;
  readonly source: Source;
  readonly view: TraceElement;
}

/** The runs that follow a view's own up: below it, in the order of the conversation. */
export class Thread {
  private readonly runs: Next[] = [];

  constructor(
    private readonly element: HTMLElement,
    private readonly open: Open,
  ) {}

  get last(): Next | undefined {
    return this.runs.at(-1);
  }

  add(source: Source): void {
    const place = document.createElement('div');
    place.slot = 'thread';
    this.element.append(place);
    const taskId = text(fields(source.trace).task_id);
    this.runs.push({ taskId, source, view: this.open(place, source) });
  }

  /** Takes the follow-ups that a document holds; `sourceOf` says where one goes on from. */
  adopt(documents: unknown, sourceOf: (trace: unknown) => Source): void {
    for (const trace of list(documents)) {
      const taskId = text(fields(trace).task_id);
      const known = this.runs.find(run => run.taskId === taskId);
      if (known === undefined) this.add(sourceOf(trace));
      else known.view.adopt(trace);
    }
  }
}
