import { addressOf } from '../../src/client/address';
import { TaskApi } from '../../src/client/api';
import { SocketSource } from '../../src/client/socket';
import { LiveRun } from '../../src/view/live';
import type { Listener, Source } from '../../src/view/source';
import { DELTAS } from '../../src/view/state/events';
import { type Fields, fields, text } from '../../src/view/state/read';
import { finished, fold } from '../../src/view/state/reduce';
import { EMPTY, type ViewState } from '../../src/view/state/state';

/** Quick to come back, and quick to notice what is dead. */
const PATIENCE = { first: 20, longest: () => 100, greets: true, opening: 1_000, ping: 100 };

interface Watched {
  /** All stored events that the client passed on, in the order in which it did. */
  readonly events: unknown[];
  readonly run: LiveRun;
  result: unknown;
}

const watched = new Map<string, Watched>();

/** Watches a run as a page does; the promise is that of its end. */
function watch(taskId: string): Promise<void> {
  const socket = new SocketSource(new TaskApi(addressOf('/'), taskId), undefined, 0, PATIENCE);
  const life = new AbortController();
  return new Promise(resolve => {
    const run = new LiveRun({
      changed: () => undefined,
      finished: () => resolve(),
      refused: message => {
        throw new Error(message);
      },
    });
    const seen: Watched = { events: [], run, result: undefined };
    watched.set(taskId, seen);
    const source: Source = {
      trace: { task_id: taskId },
      subscribe: (listener, signal) => socket.subscribe(noted(listener, seen), signal),
    };
    run.open(source, life.signal);
  });
}

function noted(listener: Listener, seen: Watched): Listener {
  return {
    attached: (status, lastSeq) => listener.attached(status, lastSeq),
    connection: connection => listener.connection(connection),
    refused: message => listener.refused(message),
    events: events => {
      seen.events.push(...events.filter(each => !DELTAS.has(text(fields(each).event_type))));
      listener.events(events);
    },
    result: result => {
      seen.result = result;
      listener.result(result);
    },
  };
}

/** What the page has of a run, and what it would have of the journal's events, folded in one go. */
function compare(taskId: string, stored: readonly unknown[]): Fields {
  const seen = watched.get(taskId);
  if (seen === undefined) throw new Error(`${taskId} is not watched`);
  const whole = finished(fold({ ...EMPTY, taskId }, stored), seen.result);
  return {
    events: seen.events,
    shown: shown(seen.run.state),
    wanted: shown(whole),
  };
}

/**
 * All that is shown of a run, by the events' numbers: where text was seen streaming, its row stands, and begins,
 * where its first word came.
 */
function shown({ rows, nextId: _, unfinished, stepUsage, ...rest }: ViewState): Fields {
  return {
    ...rest,
    rows: rows
      .map(({ id: _, startedAt, ...row }) => ('text' in row ? row : { ...row, startedAt }))
      .sort((one, other) => one.seq - other.seq),
    unfinished: unfinished.size,
    stepUsage: [...stepUsage],
  };
}

Object.assign(globalThis, { watch, compare });
