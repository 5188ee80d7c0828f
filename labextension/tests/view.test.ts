import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plainHost } from '../src/host/plain';
import { mount, type TraceElement } from '../src/view/element';
import { closed, GrowingMarkdown, lastBlockEnd } from '../src/view/markdown';
import type { Listener, Source } from '../src/view/source';
import { SAMPLE_NAMES, STEPS, sample } from './samples';

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
    const said = [...root(view).querySelectorAll('.item')].map(words);
    const count = STEPS[name];
    const told = said.filter(each => / steps?$/.test(each));
    expect(told).toEqual(count === 0 ? [] : [`${count} step${count === 1 ? '' : 's'}`]);
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

async function asked(name: 'waiting' | 'question' | 'form', answer: NonNullable<Source['answer']>) {
  const { source, tell } = live({ answer });
  const view = await show(source);
  tell.attached('input_required', 9);
  tell.connection('live');
  tell.events(sample(name).events);
  await vi.waitFor(() => expect(root(view).querySelector('.ask button')).not.toBeNull());
  return { view, tell };
}

function type(field: Element | null | undefined, value: string): void {
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement))
    throw new Error('no field to type in');
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function press(node: Element | null | undefined, key: string, more: KeyboardEventInit = {}): void {
  node?.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, composed: true, cancelable: true, ...more }),
  );
}

function submit(node: Element | null | undefined): void {
  const event = new Event('submit', { bubbles: true, cancelable: true });
  node?.closest('form')?.dispatchEvent(event);
}

describe('an approval', () => {
  test('shows all that would be done, and is given with one press', async () => {
    const answer = vi.fn(async () => {});
    const { view } = await asked('waiting', answer);
    expect(view.querySelector('.agentkit-code')?.textContent).toContain(
      "df = pd.read_csv('data/sales.csv')",
    );
    button(view, 'Approve')?.click();
    button(view, 'Approve')?.click();
    expect(answer.mock.calls).toEqual([['r1', { decision: 'approve' }]]);
    await settled(view);
    expect(button(view, 'Approve')?.disabled).toBe(true);
  });

  test('shows the marks that would make code read as something else', async () => {
    const { source, tell } = live({ answer: async () => {} });
    const view = await show(source);
    tell.attached('input_required', 9);
    tell.connection('live');
    const args = { code: 'x = "\u202eyrt"', note: 'a\u200bb' };
    const call = { tool_call_id: 'c', tool_name: 'run_python', arguments: args };
    tell.events([
      { event_type: 'approval_requested', seq: 1, step: 1, request_id: 'r', reason: '', ...call },
    ]);
    await vi.waitFor(() =>
      expect(view.querySelector('.agentkit-code')?.textContent).toBe('x = "[U+202E]yrt"'),
    );
    expect(words(root(view).querySelector('.ask dd:not(.code)'))).toBe('a[U+200B]b');
  });

  test('of an edit shows what it would change', async () => {
    const { source, tell } = live({ answer: async () => {} });
    const view = await show(source);
    tell.attached('input_required', 9);
    tell.connection('live');
    const args = { cell_id: 'c1', hash: '0123', source: 'a = 2' };
    const call = { tool_call_id: 'c', tool_name: 'edit_cell', arguments: args };
    const edit = { path: 'n.ipynb', cell_id: 'c1', kind: 'edit', before: 'a = 1', after: 'a = 2' };
    const preview = { 'application/vnd.agentkit.edit+json': edit };
    const request = { request_id: 'r', reason: '', preview, ...call };
    tell.events([{ event_type: 'approval_requested', seq: 1, step: 1, ...request }]);
    await settled(view);
    const lines = [...root(view).querySelectorAll('.ask .diff .change')];
    expect(lines.map(line => words(line))).toEqual([
      expect.stringContaining('a = 1'),
      expect.stringContaining('a = 2'),
    ]);
    expect(words(root(view).querySelector('.ask'))).toContain('c1');
  });

  test('is given for the whole run', async () => {
    const answer = vi.fn(async () => {});
    const { view } = await asked('waiting', answer);
    button(view, 'Approve always in this run')?.click();
    expect(answer).toHaveBeenCalledWith('r1', { decision: 'approve', value: { always: true } });
  });

  test('is denied with a reason, which outlives what else happens in the run', async () => {
    const answer = vi.fn(async () => {});
    const { view, tell } = await asked('waiting', answer);
    button(view, 'Deny')?.click();
    await settled(view);
    const field = root(view).querySelector('input');
    type(field, 'Not this cell');
    tell.events([{ event_type: 'warning', seq: 6, step: 2, message: 'Slow', reason: 'retry' }]);
    await vi.waitFor(() => expect(steps(view, 'warning')).toHaveLength(1));
    expect(root(view).querySelector('input')).toBe(field);
    expect(field?.value).toBe('Not this cell');
    submit(field);
    expect(answer).toHaveBeenCalledWith('r1', { decision: 'deny', reason: 'Not this cell' });
  });

  test('is denied with Ctrl+Enter too, as it is approved', async () => {
    const answer = vi.fn(async () => {});
    const { view } = await asked('waiting', answer);
    button(view, 'Deny')?.click();
    await settled(view);
    press(root(view).querySelector('input'), 'Enter', { ctrlKey: true });
    expect(answer).toHaveBeenCalledWith('r1', { decision: 'deny' });
  });

  test('goes back from denying with Escape', async () => {
    const { view } = await asked('waiting', async () => {});
    button(view, 'Deny')?.click();
    await settled(view);
    press(root(view).querySelector('input'), 'Escape');
    await settled(view);
    expect(root(view).querySelector('input')).toBeNull();
    expect(button(view, 'Approve')).toBeDefined();
  });

  test('is given with other arguments, whole', async () => {
    const answer = vi.fn(async () => {});
    const { view } = await asked('waiting', answer);
    button(view, 'Edit arguments')?.click();
    await settled(view);
    const [, source] = root(view).querySelectorAll('textarea');
    type(source, 'x = 1');
    await settled(view);
    press(source, 'Enter', { ctrlKey: true });
    const value = { arguments: { cell: '4f1c', source: 'x = 1' } };
    expect(answer).toHaveBeenCalledWith('r1', { decision: 'approve', value });
  });

  test('with arguments that are no JSON is not sent', async () => {
    const answer = vi.fn(async () => {});
    const { source, tell } = live({ answer });
    const view = await show(source);
    tell.attached('input_required', 9);
    tell.connection('live');
    const call = { tool_call_id: 'c', tool_name: 'wait', arguments: { seconds: 3 } };
    tell.events([
      { event_type: 'tool_call', seq: 1, step: 1, runs_in: 'server', ...call },
      { event_type: 'approval_requested', seq: 2, step: 1, request_id: 'r', reason: '', ...call },
    ]);
    await vi.waitFor(() => expect(button(view, 'Edit arguments')).toBeDefined());
    button(view, 'Edit arguments')?.click();
    await settled(view);
    const field = root(view).querySelector('textarea');
    type(field, '[3');
    await settled(view);
    expect(words(root(view).querySelector('.fault'))).toContain('no JSON');
    submit(field);
    expect(answer).not.toHaveBeenCalled();
    type(field, '4');
    await settled(view);
    submit(field);
    const value = { arguments: { seconds: 4 } };
    expect(answer).toHaveBeenCalledWith('r', { decision: 'approve', value });
  });

  test('that is refused says why, and keeps what was typed', async () => {
    const { view } = await asked('waiting', async () => {
      throw new Error('The answer does not fit: source is too long.');
    });
    button(view, 'Deny')?.click();
    await settled(view);
    type(root(view).querySelector('input'), 'because');
    submit(root(view).querySelector('input'));
    await vi.waitFor(() =>
      expect(words(root(view).querySelector('.refused'))).toBe(
        'The answer does not fit: source is too long.',
      ),
    );
    expect(root(view).querySelector('input')?.value).toBe('because');
    expect(button(view, 'Deny')?.disabled).toBe(false);
  });

  test.each([
    ['approve', null, 'ada', 'Approved by ada'],
    ['approve', { always: true }, '', 'Approved for the whole run'],
    ['approve', { arguments: { source: 'x' } }, '', 'Approved with other arguments'],
    ['deny', 'too risky', 'Ada', 'Denied by Ada: too risky'],
    ['deny', 'Nobody is there to ask', 'on_ask', 'Denied in advance'],
    ['expired', null, '', 'Nobody answered in time'],
  ])('that was closed with %s %j by %j reads so', async (decision, value, by, expected) => {
    const { view, tell } = await asked('waiting', async () => {});
    const closed = { request_id: 'r1', decision, value, by, ts: '2026-11-23T10:41:00+00:00' };
    tell.events([{ event_type: 'request_resolved', seq: 6, step: 2, ...closed }]);
    await vi.waitFor(() => expect(button(view, 'Deny')).toBeUndefined());
    const said = root(view).querySelector('.decision');
    const summary = said?.querySelector('summary') ?? said;
    expect(words(summary).split(' · ')[0]).toBe(expected);
  });

  test('cannot be given while the connection is away', async () => {
    const { view, tell } = await asked('waiting', async () => {});
    tell.connection('reconnecting');
    await vi.waitFor(() => expect(button(view, 'Approve')).toBeUndefined());
    expect(view.querySelector('.agentkit-code')?.textContent).toContain('read_csv');
  });
});

describe('a question', () => {
  test('is answered with one of its choices', async () => {
    const answer = vi.fn(async () => {});
    const { view } = await asked('question', answer);
    button(view, '2025')?.click();
    expect(answer).toHaveBeenCalledWith('q1', { decision: 'answer', value: '2025' });
  });

  test('may be left unanswered', async () => {
    const answer = vi.fn(async () => {});
    const { view } = await asked('question', answer);
    button(view, 'Do not answer')?.click();
    expect(answer).toHaveBeenCalledWith('q1', { decision: 'deny' });
  });

  test('with a schema is a form, which starts with the defaults and is checked before it is sent', async () => {
    const answer = vi.fn(async () => {});
    const { view } = await asked('form', answer);
    submit(root(view).querySelector('input'));
    await settled(view);
    expect(answer).not.toHaveBeenCalled();
    expect(words(root(view).querySelector('.fault'))).toBe('This is needed.');
    const field = (label: string): Element | null | undefined =>
      [...root(view).querySelectorAll('label')]
        .find(each => words(each).startsWith(label))
        ?.querySelector('input, select, textarea');
    type(field('Sheet'), 'Sales');
    type(field('Header row'), '0');
    await settled(view);
    submit(field('Sheet'));
    await settled(view);
    expect(words(root(view).querySelector('.fault'))).toBe('It has to be 1 or more.');
    type(field('Header row'), '3');
    await settled(view);
    submit(field('Sheet'));
    expect(answer).toHaveBeenCalledWith('q1', {
      decision: 'answer',
      value: { sheet: 'Sales', header_row: 3, decimal: ',', skip_empty: true },
    });
  });
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
  expect(meta[0]).toBe('Turn 1: 1,240 tokens read · 96 written · $0.0021');
  expect(meta[3]).toBe('Turn 2: 1,802 tokens read · 61 written · $0.0027');
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
    expect(words(line)).toBe('Read 4 files, done 0.4 s');
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

describe('after the end', () => {
  function saved(name: Parameters<typeof sample>[0], extra: Partial<Source>): Source {
    return { trace: sample(name), reachable: async () => true, ...extra };
  }
  const box = (view: TraceElement): HTMLTextAreaElement | null =>
    root(view).querySelector<HTMLTextAreaElement>('.follow-up textarea');

  beforeEach(() => {
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        constructor(private readonly told: (entries: unknown[]) => void) {}
        observe(): void {
          queueMicrotask(() => this.told([{ isIntersecting: true }]));
        }
        disconnect(): void {}
      },
    );
  });
  afterEach(() => vi.unstubAllGlobals());

  test('a run is followed up below itself, and the next question goes to the newest', async () => {
    const { source: next, tell } = live({ followUp: vi.fn(async () => next) });
    const followUp = vi.fn(async () => next);
    const view = await show(saved('edited', { followUp }));
    await vi.waitFor(() => expect(box(view)).not.toBeNull());
    type(box(view), ' And in the South? ');
    await settled(view);
    press(box(view), 'Enter', { shiftKey: true });
    expect(followUp).not.toHaveBeenCalled();
    press(box(view), 'Enter');
    expect(followUp).toHaveBeenCalledWith('And in the South?');
    await vi.waitFor(() => expect(view.querySelector('agentkit-trace')).not.toBeNull());
    expect(box(view)).toBeNull();
    tell.attached('running', 0);
    tell.connection('live');
    tell.events(sample('simulated').events);
    await vi.waitFor(() => expect(box(view)?.value).toBe(''));
    type(box(view), 'And the West?');
    press(box(view), 'Enter');
    await vi.waitFor(() => expect(next.followUp).toHaveBeenCalledWith('And the West?'));
  });

  test('a question that is refused stays, with the reason', async () => {
    const refuse = async (): Promise<Source> => {
      throw new Error('The conversation has a run that goes on.');
    };
    const view = await show(saved('edited', { followUp: refuse }));
    await vi.waitFor(() => expect(box(view)).not.toBeNull());
    type(box(view), 'More');
    press(box(view), 'Enter');
    await vi.waitFor(() =>
      expect(words(root(view).querySelector('.follow-up .refused'))).toContain('goes on'),
    );
    expect(box(view)?.value).toBe('More');
  });

  test.each(['interrupted', 'failed', 'cancelled'] as const)(
    'a run that was %s goes on below itself, without its question',
    async name => {
      const { source: next, tell } = live({ followUp: vi.fn(), resume: vi.fn() });
      const resume = vi.fn(async () => next);
      const view = await show(saved(name, { followUp: vi.fn(), resume }));
      await vi.waitFor(() => expect(button(view, 'Resume')).toBeDefined());
      button(view, 'Resume')?.click();
      await vi.waitFor(() => expect(view.querySelector('agentkit-trace')).not.toBeNull());
      expect(resume).toHaveBeenCalledOnce();
      expect(button(view, 'Resume')).toBeUndefined();
      const [, ...events] = sample('simulated').events;
      const started = { ...sample('simulated').events[0], resumes: 'before' };
      tell.attached('running', 0);
      tell.connection('live');
      tell.events([started, ...events]);
      const below = view.querySelector('agentkit-trace') as TraceElement;
      await vi.waitFor(() => expect(below.dataset.status).toBe('completed'));
      expect(words(root(below).querySelector('header'))).toContain('Resumed');
      expect(root(below).querySelector('.question')).toBeNull();
      // It has its answer.
      await vi.waitFor(() => expect(box(view)).not.toBeNull());
      expect(button(view, 'Resume')).toBeUndefined();
    },
  );

  test('a run that cannot go on says why, and may be asked on', async () => {
    const resume = async (): Promise<Source> => {
      throw new Error('The kernel that has them is gone.');
    };
    const view = await show(saved('interrupted', { followUp: vi.fn(), resume }));
    await vi.waitFor(() => expect(button(view, 'Resume')).toBeDefined());
    button(view, 'Resume')?.click();
    await vi.waitFor(() =>
      expect(words(root(view).querySelector('.follow-up .refused'))).toContain('is gone'),
    );
    expect(button(view, 'Resume')?.disabled).toBe(false);
    type(box(view), 'Then this');
    await settled(view);
    expect(button(view, 'Resume')).toBeUndefined();
    expect(button(view, 'Send')).toBeDefined();
  });

  test('a run that is shown by itself keeps its question, also where it takes another on', async () => {
    const [later] = (sample('resumed') as unknown as { follow_ups: unknown[] }).follow_ups;
    const view = await show({ trace: later });
    expect(words(root(view).querySelector('.question'))).toContain('Mail the answer');
    const both = await show({ trace: sample('resumed') });
    const below = both.querySelector('agentkit-trace') as TraceElement;
    expect(root(below).querySelector('.question')).toBeNull();
    expect(root(below).querySelector('[data-seq="1"]')?.textContent).toBe('Resumed');
  });

  test('saved follow-ups stand below, once each, also when the document comes back', async () => {
    const view = await show({ trace: sample('followed') });
    view.adopt(sample('followed'));
    await settled(view);
    const [next, ...more] = view.querySelectorAll('agentkit-trace');
    expect(next?.getAttribute('data-task-id')).toBe('followed-up');
    expect(more).toEqual([]);
    expect(box(view)).toBeNull();
  });

  test('edits are undone, and what was kept is said', async () => {
    const kept = [{ cell_id: '77ab', message: 'somebody has changed it since' }];
    const undo = vi.fn(async () => ({ undone: 2, kept }));
    const view = await show(saved('edited', { undo }));
    await vi.waitFor(() => expect(button(view, 'Undo edits')).toBeDefined());
    button(view, 'Undo edits')?.click();
    await vi.waitFor(() =>
      expect(words(root(view).querySelector('.undone'))).toBe(
        '2 edits undone. 1 cell left as it is: 77ab somebody has changed it since',
      ),
    );
  });

  test('a run that edited nothing, or that no server knows, has nothing to undo', async () => {
    const undo = async () => ({ undone: 0, kept: [] });
    const view = await show({ trace: sample('edited'), undo, reachable: async () => false });
    expect(button(view, 'Undo edits')).toBeUndefined();
    const other = await show({ trace: sample('completed'), undo, reachable: async () => true });
    await settled(other);
    expect(button(other, 'Undo edits')).toBeUndefined();
  });
});

test('a long run is shown whole after a moment, and a step of it can be gone to at once', async () => {
  const calls = Array.from({ length: 3000 }, (_, n) => [
    { event_type: 'tool_call', seq: 2 * n + 1, tool_call_id: `c${n}`, tool_name: `look ${n}` },
    { event_type: 'tool_result', seq: 2 * n + 2, tool_call_id: `c${n}`, outcome: 'success' },
  ]);
  const view = mount(
    place,
    { trace: { task_id: 'long', agent: 'a', status: 'completed', events: calls.flat() } },
    plainHost,
    { signal: life.signal },
  );
  await view.updateComplete;
  expect(view.dataset.status).toBe('completed');
  await view.goTo(5000);
  const there = root(view).activeElement?.closest('li');
  expect(there?.getAttribute('aria-posinset')).toBe('2500');
  expect(there?.getAttribute('aria-setsize')).toBe('3000');
  expect(root(view).querySelectorAll('ol > .row').length).toBeLessThan(60);
});
