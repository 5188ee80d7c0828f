import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plainHost } from '../src/host/plain';
import { mount, type TraceElement } from '../src/view/element';
import { closed, GrowingMarkdown, lastBlockEnd } from '../src/view/markdown';
import type { Listener, Source } from '../src/view/source';
import { SAMPLE_NAMES, sample } from './samples';

let life: AbortController;
let place: HTMLElement;

beforeEach(() => {
  life = new AbortController();
  place = document.createElement('div');
  document.body.append(place);
});

afterEach(() => {
  life.abort();
  place.remove();
});

async function show(source: Source): Promise<TraceElement> {
  const view = mount(place, source, plainHost, { signal: life.signal });
  await settled(view);
  return view;
}

async function settled(view: TraceElement): Promise<void> {
  await view.updateComplete;
  await vi.waitFor(() => {
    const texts = [...view.querySelectorAll('.agentkit-text')];
    if (texts.some(node => node.childElementCount === 0)) throw new Error('not rendered yet');
  });
}

function live(extra: Partial<Source> = {}): { source: Source; tell: Listener } {
  let listener: Listener | undefined;
  const later = (): Listener => {
    if (listener === undefined) throw new Error('nobody listens');
    return listener;
  };
  const tell: Listener = {
    attached: (status, last) => later().attached(status, last),
    events: events => later().events(events),
    connection: connection => later().connection(connection),
    result: result => later().result(result),
    refused: message => later().refused(message),
  };
  const source = {
    trace: { task_id: 't' },
    subscribe: (to: Listener) => {
      listener = to;
    },
    ...extra,
  };
  return { source, tell };
}

const root = (view: TraceElement): ShadowRoot => view.renderRoot as ShadowRoot;
const steps = (view: TraceElement, type: string): HTMLElement[] => [
  ...root(view).querySelectorAll<HTMLElement>(`[data-event-type="${type}"]`),
];
const button = (view: TraceElement, name: string): HTMLButtonElement | undefined =>
  [...root(view).querySelectorAll('button')].find(found => found.textContent?.trim() === name);
const words = (node: Element | null | undefined): string =>
  (node?.textContent ?? '').replace(/\s+/g, ' ').trim();

test.each(SAMPLE_NAMES)(
  'the saved sample %s shows each of its steps once, and no controls',
  async name => {
    const trace = sample(name);
    const view = await show({ trace });
    expect({ ...view.dataset }).toEqual({
      taskId: trace.task_id,
      status: trace.status,
      connection: 'saved',
    });
    for (const type of [
      'tool_call',
      'message',
      'thinking',
      'warning',
      'final_answer',
      'input_requested',
    ]) {
      const expected = trace.events
        .filter(event => event.event_type === type)
        .map(event => `${event.seq}`);
      expect(steps(view, type).map(step => step.dataset.seq)).toEqual(expected);
    }
    for (const control of ['Cancel', 'Approve', 'Deny'])
      expect(button(view, control)).toBeUndefined();
  },
);

test('a failed call stands open with its reason, a finished one is folded with its result', async () => {
  const view = await show({ trace: sample('recovered') });
  const [failed, listed] = steps(view, 'tool_call');
  expect(failed?.querySelector('[aria-expanded]')?.getAttribute('aria-expanded')).toBe('true');
  expect(words(failed)).toContain("KeyError: 'Nroth'");
  expect(listed?.querySelector('[aria-expanded]')?.getAttribute('aria-expanded')).toBe('false');
  expect(words(listed?.querySelector('[data-event-type="tool_result"]'))).toBe(
    "['North', 'South', 'East', 'West']",
  );
});

test('a row opens to its arguments and result, and folds again', async () => {
  const view = await show({ trace: sample('simulated') });
  const [row] = steps(view, 'tool_call');
  const head = row?.querySelector<HTMLElement>('[aria-expanded]');
  head?.click();
  await settled(view);
  expect(words(row?.querySelector('dl'))).toBe('regionNorth');
  expect(view.querySelector('.agentkit-result')?.textContent).toBe('9874.0');
  head?.click();
  await settled(view);
  expect(view.querySelector('.agentkit-result')).toBeNull();
});

test('a simulated run says so above and below', async () => {
  const view = await show({ trace: sample('simulated') });
  expect([...root(view).querySelectorAll('.chip')].map(words)).toEqual(['Simulated', 'Simulated']);
});

test('a run that was cancelled is not one that failed', async () => {
  const view = await show({ trace: sample('cancelled') });
  const [end] = steps(view, 'run_finished');
  expect(end?.dataset.state).toBe('cancelled');
  expect(words(end)).toBe('Stopped by you · 12 s');
});

test('cancel is asked for once, and given back when nobody could be asked', async () => {
  const asked: string[] = [];
  let reachable = false;
  const { source, tell } = live({
    cancel: async () => {
      asked.push('cancel');
      if (!reachable) throw new Error('offline');
    },
  });
  const view = await show(source);
  tell.attached('running', 0);
  tell.connection('live');
  await settled(view);
  button(view, 'Cancel')?.click();
  await vi.waitFor(() =>
    expect(words(root(view).querySelector('.notice'))).toContain('not stopped'),
  );
  reachable = true;
  button(view, 'Cancel')?.click();
  await settled(view);
  expect(button(view, 'Stopping…')?.disabled).toBe(true);
  expect(asked).toHaveLength(2);
  tell.result({ status: 'cancelled' });
  await settled(view);
  expect(button(view, 'Stopping…')).toBeUndefined();
  expect(view.dataset.status).toBe('cancelled');
});

test('an approval is answered from its row while the run is live', async () => {
  const answers: unknown[] = [];
  const { source, tell } = live({ answer: async (...given) => void answers.push(given) });
  const view = await show(source);
  tell.attached('input_required', 5);
  tell.connection('live');
  tell.events(sample('waiting').events);
  await vi.waitFor(() => expect(button(view, 'Approve')).toBeDefined());
  expect(words(steps(view, 'tool_call')[1])).toContain("df = pd.read_csv('data/sales.csv')");
  button(view, 'Deny')?.click();
  expect(answers).toEqual([['r1', 'deny', undefined]]);
});

test('what is shown stays while the connection is away', async () => {
  const { source, tell } = live();
  const view = await show(source);
  tell.attached('running', 3);
  tell.connection('live');
  tell.events(sample('completed').events.slice(0, 8));
  await vi.waitFor(() => expect(steps(view, 'tool_call')).toHaveLength(3));
  tell.connection('reconnecting');
  await settled(view);
  expect(view.dataset.connection).toBe('reconnecting');
  expect(steps(view, 'tool_call')).toHaveLength(3);
});

test('an untouched row keeps its element when others change', async () => {
  const { source, tell } = live();
  const view = await show(source);
  tell.attached('running', 3);
  tell.connection('live');
  const all = sample('completed').events;
  tell.events(all.slice(0, 5));
  await vi.waitFor(() => expect(steps(view, 'tool_call')).toHaveLength(1));
  const [before] = steps(view, 'tool_call');
  tell.events(all.slice(5));
  await vi.waitFor(() => expect(steps(view, 'final_answer')).toHaveLength(1));
  expect(steps(view, 'tool_call')[0]).toBe(before);
});

test('a saved run is not read out, a live one tells of its end', async () => {
  const status = (view: TraceElement) => words(root(view).querySelector('[role="status"]'));
  expect(status(await show({ trace: sample('completed') }))).toBe('');
  const { source, tell } = live();
  const view = await show(source);
  tell.attached('running', 0);
  tell.connection('live');
  tell.events(sample('simulated').events);
  tell.result({ status: 'completed' });
  await vi.waitFor(() => expect(status(view)).toBe('analyst is done after 1.6 s.'));
});

test('keys that are meant for a control do not reach the notebook, others do', async () => {
  const view = await show({ trace: sample('simulated') });
  const reached: string[] = [];
  place.addEventListener('keydown', event => reached.push(event.key));
  const head = root(view).querySelector('[aria-expanded]');
  for (const key of ['Enter', ' ', 'Escape', 'j']) {
    head?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true }));
  }
  expect(reached).toEqual(['Escape', 'j']);
});

test('a second copy of the code shares the element of the first', async () => {
  vi.resetModules();
  const again = await import('../src/view/element');
  const view = again.mount(place, { trace: sample('simulated') }, plainHost, {
    signal: life.signal,
  });
  await settled(view);
  expect(steps(view, 'tool_call')).toHaveLength(1);
});

test('a document that comes back as it is does not disturb what is shown', async () => {
  const view = await show({ trace: sample('completed') });
  const [before] = steps(view, 'final_answer');
  view.adopt(sample('completed'));
  await settled(view);
  expect(steps(view, 'final_answer')[0]).toBe(before);
});

test('a live run is a saved one as soon as the notebook holds its end, without a word more', async () => {
  const { source, tell } = live();
  const trace = sample('completed');
  const view = await show(source);
  tell.attached('running', 0);
  tell.connection('live');
  tell.events(trace.events);
  tell.result({ status: 'completed', content: trace.result });
  await settled(view);
  const said = words(root(view).querySelector('header'));
  expect(view.dataset.connection).toBe('live');
  view.adopt(trace);
  tell.connection('reconnecting');
  await settled(view);
  expect(view.dataset.connection).toBe('saved');
  expect(words(root(view).querySelector('header'))).toBe(said);
});

test('who points at a row learns what its step took', async () => {
  const view = await show({ trace: sample('completed') });
  const meta = steps(view, 'tool_call').map(row => row.querySelector<HTMLElement>('.meta')?.title);
  expect(meta[0]).toBe('Step 1: 1,240 tokens read · 96 written · $0.0021');
  expect(meta[3]).toBe('Step 2: 1,802 tokens read · 61 written · $0.0027');
  const footer = [...root(view).querySelectorAll<HTMLElement>('footer .item')];
  expect(footer.find(item => item.title !== '')?.title).toBe(
    '5,252 tokens read · 345 written · $0.0100',
  );
});

describe('calls of the same tool in a row', () => {
  const calls = (name: string, amount: number, more: object = {}): Record<string, unknown>[] =>
    Array.from({ length: amount }, (_, index) => [
      { event_type: 'tool_call', tool_call_id: `${name}${index}`, tool_name: name, arguments: {} },
      {
        event_type: 'tool_result',
        tool_call_id: `${name}${index}`,
        outcome: 'success',
        content: { 'text/plain': '1' },
        duration_ms: 100,
        ...more,
      },
    ]).flat();
  const trace = (events: Record<string, unknown>[], status = 'completed') => ({
    task_id: 't',
    status,
    events: events.map((event, index) => ({ ...event, seq: index + 1 })),
  });
  const seen = (view: TraceElement): number =>
    steps(view, 'tool_call').filter(step => !step.hidden).length;

  test('fold into one line that opens to them', async () => {
    const view = await show({ trace: trace(calls('read_file', 4)) });
    expect(steps(view, 'tool_call')).toHaveLength(4);
    expect(seen(view)).toBe(0);
    const line = root(view).querySelector('.streak');
    expect(words(line)).toBe('Read 4 files , done 0.4 s');
    line?.querySelector<HTMLElement>('[aria-expanded=false]')?.click();
    await settled(view);
    expect(seen(view)).toBe(4);
  });

  test.each([
    ['two of them', calls('tick', 2)],
    ['what failed', calls('tick', 4, { outcome: 'failed' })],
    ['what changed something', calls('write_file', 4)],
    ['pictures', calls('plot', 4, { content: { 'image/png': 'AA==' } })],
  ])('stay as they are: %s', async (_, events) => {
    const view = await show({ trace: trace(events) });
    expect(root(view).querySelector('.streak')).toBeNull();
    expect(seen(view)).toBe(events.length / 2);
  });

  test('stay as they are while they are the newest', async () => {
    const { source, tell } = live();
    const view = await show(source);
    tell.attached('running', 0);
    tell.connection('live');
    const { events } = trace([...calls('tick', 3), ...calls('look', 1)]);
    tell.events(events.slice(0, 6));
    await settled(view);
    expect(seen(view)).toBe(3);
    tell.events(events.slice(6));
    await vi.waitFor(() => expect(seen(view)).toBe(1));
  });
});

test('growing Markdown leaves finished blocks alone and ends without being rendered anew', async () => {
  const node = document.createElement('div');
  const rendered: string[] = [];
  const markdown = new GrowingMarkdown(node, async (text, into) => {
    rendered.push(text);
    into.textContent = text;
  });
  const shows = (text: string) => vi.waitFor(() => expect(node.textContent).toBe(text));
  markdown.show('First', true);
  await shows('First');
  markdown.show('First.\n\nSecond', true);
  await shows('First.\n\nSecond');
  const first = node.firstElementChild;
  markdown.show('First.\n\nSecond grows', true);
  await shows('First.\n\nSecond grows');
  expect(node.firstElementChild).toBe(first);
  const one = new GrowingMarkdown(node, async (text, into) => {
    rendered.push(text);
    into.textContent = text;
  });
  one.show('Whole.', true);
  await shows('Whole.');
  const count = rendered.length;
  one.show('Whole.', false);
  await Promise.resolve();
  expect(rendered).toHaveLength(count);
});

test('a block ends at a blank line, but not inside code or a list', () => {
  const end = (text: string) => text.slice(0, lastBlockEnd(text, 0));
  expect(end('One.\n\nTwo')).toBe('One.\n\n');
  expect(end('One.\n\n')).toBe('');
  expect(end('```\na\n\nb')).toBe('');
  expect(end('- a\n\n- b\n\n  more')).toBe('');
  expect(end('- a\n\nText')).toBe('- a\n\n');
});

test('emphasis and code that are still open are closed while they grow', () => {
  expect(closed('It is **bo')).toBe('It is **bo**');
  expect(closed('It is **bold*')).toBe('It is **bold**');
  expect(closed('It is **')).toBe('It is ');
  expect(closed('*Composed by ')).toBe('*Composed by*');
  expect(closed('Call `x')).toBe('Call `x`');
  expect(closed('2 * 3 and `a*b`')).toBe('2 * 3 and `a*b`');
  expect(closed('* item **one** two')).toBe('* item **one** two');
  expect(closed('```py\na **b')).toBe('```py\na **b');
});
