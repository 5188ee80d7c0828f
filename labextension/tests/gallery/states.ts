import type { Listener, Source } from '../../src/view/source';
import { SAMPLE_NAMES, type Sample, sample } from '../samples';
import { MADE } from './made';

type Name = (typeof SAMPLE_NAMES)[number];
type Play = (listener: Listener, trace: Sample) => void;

/** The sample as if its last event had just happened. */
function recent(name: Name): Sample {
  const trace = sample(name);
  const last = trace.events
    .map(event => String(event.ts))
    .filter(ts => ts !== '')
    .at(-1);
  const shift = Date.now() - 2000 - Date.parse(last ?? new Date().toISOString());
  const moved = (ts: unknown): string => new Date(Date.parse(String(ts)) + shift).toISOString();
  for (const event of trace.events) {
    if (event.ts !== '') event.ts = moved(event.ts);
    if (event.expires_at !== undefined) event.expires_at = moved(event.expires_at);
  }
  return trace;
}

/** What was answered in this place. */
export const answered: unknown[] = [];

function live(name: Name, play: Play): Source {
  const trace = recent(name);
  let listener: Listener | undefined;
  return {
    trace: {
      task_id: trace.task_id,
      agent: trace.agent,
      input: trace.input,
      simulated: trace.simulated,
    },
    subscribe: to => {
      listener = to;
      play(to, trace);
    },
    cancel: async () => {},
    // As a server does: refused in its own words, or told by an event.
    answer: async (request_id, answer) => {
      answered.push({ request_id, ...answer });
      if (answer.reason === 'refuse me')
        throw new Error('The answer was refused, as it asked to be.');
      const seq = trace.events.length + answered.length;
      const { decision, value = answer.reason } = answer;
      const ts = new Date().toISOString();
      const closed = { request_id, decision, value, by: 'ada', ts, seq, step: 2 };
      listener?.events([{ event_type: 'request_resolved', ...closed }]);
    },
  };
}

const all: Play = (listener, trace) => {
  listener.attached(trace.status, trace.events.length);
  listener.connection('live');
  listener.events(trace.events);
};

const until =
  (count: number): Play =>
  (listener, trace) =>
    all(listener, { ...trace, status: 'running', events: trace.events.slice(0, count) });

/** A saved run whose server still knows it. */
function served(trace: unknown): Source {
  return {
    trace,
    followed: served,
    reachable: async () => true,
    undo: async () => ({
      undone: 1,
      kept: [{ cell_id: '77ab', message: 'somebody has changed it since' }],
    }),
    resume: async () => ({ ...live('waiting', all), trace: { task_id: `next-${Date.now()}` } }),
    followUp: async input => {
      if (input.includes('busy')) throw new Error('The conversation has a run that goes on.');
      const next = live('streamed', until(20));
      return { ...next, trace: { task_id: `next-${Date.now()}`, agent: 'analyst', input } };
    },
  };
}

/** Every state of the view, by what is to be seen. */
export const STATES: Readonly<Record<string, () => Source>> = {
  queued: () => live('queued', all),
  'running: thinking': () => live('streamed', until(9)),
  'running: tools side by side': () => live('completed', until(8)),
  'running: streaming the answer': () => live('streamed', until(46)),
  'running: progress': () => live('cancelled', until(5)),
  'running, simulated': () => live('simulated', until(3)),
  waiting: () => live('waiting', all),
  'waiting: code, with a limit': () => live('consent', all),
  question: () => live('question', all),
  'question: form': () => live('form', all),
  'question: text, with a long one from right to left': () =>
    live('question', (listener, trace) => {
      const last = trace.events.at(-1);
      if (last === undefined) return;
      delete last.choices;
      last.question = `أي سنة تقصد؟ ${'تحتوي البيانات على أكثر من سنة واحدة. '.repeat(4)}`;
      all(listener, trace);
    }),
  'question: long choices': () =>
    live('question', (listener, trace) => {
      const last = trace.events.at(-1);
      if (last === undefined) return;
      last.choices = [
        '٢٠٢٤',
        'Both years, but without the months that have returns in them '.repeat(3),
      ];
      all(listener, trace);
    }),
  'waiting: long arguments': () =>
    live('waiting', (listener, trace) => {
      const source = Array.from({ length: 80 }, (_, n) => `print(${n}, '${'x'.repeat(n)}')`);
      const args = {
        source: source.join('\n'),
        note: 'סיבה ארוכה '.repeat(40),
        deep: { a: [1, { b: 'c' }] },
      };
      for (const event of trace.events.slice(-2)) event.arguments = args;
      all(listener, trace);
    }),
  reconnecting: () =>
    live('completed', (listener, trace) => {
      until(8)(listener, trace);
      listener.connection('reconnecting');
    }),
  'saved before it ended': () => {
    const trace = sample('interrupted');
    return {
      trace: { ...trace, status: 'running', events: trace.events.slice(0, 3), finished_at: null },
    };
  },
  'failed while it was watched': () =>
    live('failed', (listener, trace) => {
      all(listener, trace);
      listener.result({ status: 'failed', error: trace.error, steps: 1, duration_ms: 1200 });
    }),
  'refused by the server': () =>
    live('completed', (listener, trace) => {
      until(8)(listener, trace);
      listener.refused('This run belongs to somebody else.');
      listener.connection('saved');
    }),
  ...Object.fromEntries(Object.entries(MADE).map(([name, trace]) => [name, () => ({ trace })])),
  ...Object.fromEntries(
    SAMPLE_NAMES.filter(name => sample(name).finished_at !== null).map(name => [
      `saved: ${name}`,
      () => ({ trace: sample(name) }),
    ]),
  ),
  'on a server: edited': () => served(sample('edited')),
  'on a server: followed up': () => served(sample('followed')),
  'just done': () =>
    live('completed', (listener, trace) => {
      all(listener, trace);
      listener.result({ status: 'completed', content: null, steps: 3, duration_ms: 10_000 });
    }),
};
