import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { plainHost } from '../src/host/plain';
import { mount, type TraceElement } from '../src/view/element';
import { search } from '../src/view/find/search';
import { shortened } from '../src/view/list/long-results';
import { json } from '../src/view/state/read';
import { fromTrace } from '../src/view/state/reduce';
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

async function shown(trace: unknown): Promise<TraceElement> {
  const view = mount(place, { trace }, plainHost, { signal: life.signal });
  await view.updateComplete;
  for (const head of view.renderRoot.querySelectorAll<HTMLElement>('[aria-expanded="false"]'))
    head.click();
  await view.updateComplete;
  return view;
}

/** Numbers that are the same in every run of the test. */
function* numbers(seed: number): Generator<number, number> {
  for (let state = seed; ; state = (state * 48271) % 2147483647) yield state;
}

const HUGE = 'x'.repeat(300_000);
const deep = (levels: number): unknown => {
  let value: unknown = 'core';
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
};
const STRANGE: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  1e308,
  Number.NaN,
  '',
  '\u0000\ud800',
  '<img src=x onerror="globalThis.owned = 1">',
  [],
  [null, [1]],
  {},
  { toString: 'no function', length: -1, __proto__: null },
  { 'text/html': ['<script>globalThis.owned = 1</script>', 7], 'image/png': {} },
  deep(30),
];

/** The document with one of its values, wherever it is, replaced by a strange one, or left out. */
function broken(document: unknown, pick: Generator<number, number>): unknown {
  const copy = structuredClone(document);
  const places: [Record<string, unknown>, string][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  const [holder, key] = places[pick.next().value % places.length] ?? [];
  const strange = STRANGE[pick.next().value % STRANGE.length];
  if (holder === undefined || key === undefined) return copy;
  if (strange === undefined) delete holder[key];
  else holder[key] = strange;
  return copy;
}

test.each(SAMPLE_NAMES)(
  'the sample %s is shown whatever one of its values is',
  async name => {
    const pick = numbers(name.length * 7919 + 1);
    for (let round = 0; round < 8; round++) {
      const trace = broken(broken(sample(name), pick), pick);
      const view = await shown(trace);
      expect(view.renderRoot.querySelector('.facts'), json(trace)).not.toBeNull();
      search(fromTrace(trace).rows, 'x');
    }
    expect((globalThis as { owned?: number }).owned).toBeUndefined();
  },
  60_000,
);

test.each(STRANGE)('a document that is %j is an empty run', async trace => {
  const view = await shown(trace);
  expect(view.renderRoot.querySelector('.facts')).not.toBeNull();
});

test('events out of their order, with numbers that none can have, are all shown in their order', () => {
  const seqs = [3, -7, 1, 1e300, 2, 0.5, Number.MAX_SAFE_INTEGER, 4, 4];
  const events = seqs.map((seq, nth) => ({ event_type: 'warning', seq, message: `${nth}` }));
  const { rows } = fromTrace({ status: 'completed', events });
  const said = rows.map(row => (row.kind === 'warning' ? row.message : ''));
  // What has no number stays behind what it came after; the second of a number is the first again.
  expect(said).toEqual(['2', '3', '4', '5', '0', '1', '7', '6']);
});

test('times that run backwards take no time away', async () => {
  const events = [
    { event_type: 'run_started', seq: 1, ts: '2026-01-02T00:00:00Z' },
    {
      event_type: 'tool_call',
      seq: 2,
      tool_call_id: 'c',
      tool_name: 'look',
      ts: '1970-01-01T00:00:00Z',
    },
    { event_type: 'run_finished', seq: 3, status: 'completed', ts: '2025-01-01T00:00:00Z' },
  ];
  const view = await shown({ status: 'completed', events });
  expect(view.renderRoot.textContent).not.toMatch(/NaN|-\d+ s|Invalid/);
});

test('a huge text is shown in pieces, wherever it stands', async () => {
  const events = [
    { event_type: 'thinking', seq: 1, message_id: 't', text: HUGE },
    { event_type: 'warning', seq: 2, message: HUGE },
    {
      event_type: 'tool_call',
      seq: 3,
      tool_call_id: 'c',
      tool_name: 'look',
      arguments: { a: HUGE, code: HUGE },
    },
    {
      ...{ event_type: 'tool_result', seq: 4, tool_call_id: 'c', outcome: 'failed' },
      ...{ content: { 'text/plain': HUGE }, error: { message: HUGE, reason: HUGE } },
    },
    { event_type: 'message', seq: 5, message_id: 'm', text: HUGE },
    { event_type: HUGE, seq: 6, anything: HUGE },
    { event_type: 'run_finished', seq: 7, status: 'failed', error: { message: `failed\n${HUGE}` } },
  ];
  const view = await shown({ status: 'failed', input: HUGE, agent: 'a', events });
  await vi.waitFor(() => expect(view.querySelector('.agentkit-text')?.textContent).not.toBe(''));
  const texts = [...view.renderRoot.querySelectorAll('li, header, p'), ...view.children];
  const lengths = texts.map(node => node.textContent?.length ?? 0);
  expect(Math.max(...lengths)).toBeLessThan(4 * 60_000);
  const more = view.renderRoot.querySelector<HTMLElement>('.thought .more');
  expect(more?.textContent).toBe('Show more (250,000 characters left)');
  for (let press = 0; press < 3; press++) more?.click();
  expect(view.renderRoot.querySelector('.thought')?.textContent?.trim()).toBe(HUGE);
  expect(more?.isConnected).toBe(false);
});

test('of a result that is too long to be rendered the text is shown instead', () => {
  const plain = { 'text/html': '<b>a</b>', 'text/plain': HUGE };
  expect(shortened(plain).text).toBe('');
  expect(shortened({ 'text/plain': HUGE }).text).toBe(HUGE);
  const table = { 'text/html': HUGE.repeat(10), 'text/plain': 'a table' };
  expect(shortened(table)).toEqual({ bundle: { 'text/plain': 'a table' }, text: 'a table' });
  const data = { 'application/json': { a: HUGE } };
  expect(shortened(data).text).toBe(json({ a: HUGE }));
  expect(shortened(data)).toBe(shortened(data));
});

test('what is nested deeper than anybody reads costs no more than it holds', () => {
  expect(json(deep(3), 2)).toContain('\n');
  expect(json(deep(2000), 2).length).toBeLessThan(20_000);
  expect(json(deep(200_000), 2)).toBe('…');
});
