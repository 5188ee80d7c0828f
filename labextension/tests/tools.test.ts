import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plainHost } from '../src/host/plain';
import { mount, type TraceElement } from '../src/view/element';
import { fold, fromTrace } from '../src/view/state/reduce';
import { EMPTY } from '../src/view/state/state';
import { rowMarkdown, runMarkdown } from '../src/view/tools/copying';
import { STEPS, sample } from './samples';

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

async function show(trace: unknown, host = {}): Promise<TraceElement> {
  const view = mount(place, { trace }, { ...plainHost, ...host }, { signal: life.signal });
  await view.updateComplete;
  return view;
}

const root = (view: TraceElement): ShadowRoot => view.renderRoot as ShadowRoot;
const words = (node: Element | null | undefined): string =>
  (node?.textContent ?? '').replace(/\s+/g, ' ').trim();

async function menu(view: TraceElement): Promise<HTMLButtonElement[]> {
  root(view).querySelector<HTMLElement>('.more-tools')?.click();
  await view.updateComplete;
  return [...root(view).querySelectorAll<HTMLButtonElement>('.menu button')];
}

async function use(view: TraceElement, name: string): Promise<void> {
  const items = await menu(view);
  const item = items.find(each => words(each) === name);
  if (item === undefined) throw new Error(`${name} is none of ${items.map(words)}`);
  item.click();
  await view.updateComplete;
}

describe('the tools of a run', () => {
  test('are those that it has a use for', async () => {
    const view = await show(sample('simulated'));
    expect((await menu(view)).map(words)).toEqual([
      'Find in this run',
      'Timeline',
      'Expand all',
      'Collapse all',
      'Copy as Markdown',
    ]);
  });

  test('are not there for a run in which nothing happened', async () => {
    const view = await show({ status: 'completed', events: [] });
    expect(root(view).querySelector('.toolbar')).toBeNull();
  });

  test('hand a finished run on, where the page can do that', async () => {
    const share = vi.fn();
    const view = await show(sample('simulated'), { share });
    await use(view, 'Export Trace…');
    expect(share.mock.calls[0]?.[0]).toMatchObject({ task_id: sample('simulated').task_id });
  });

  test('unfold every step, and fold it again', async () => {
    const view = await show(sample('recovered'));
    const heads = () =>
      [...root(view).querySelectorAll('.head')].map(head => head.getAttribute('aria-expanded'));
    await use(view, 'Expand all');
    expect(new Set(heads().filter(Boolean))).toEqual(new Set(['true']));
    await use(view, 'Collapse all');
    expect(new Set(heads().filter(Boolean))).toEqual(new Set(['false']));
  });

  test('leave nothing but failures, say how much is hidden, and bring it back', async () => {
    const view = await show(sample('recovered'));
    const rows = (): number => root(view).querySelectorAll('ol > .row').length;
    const all = rows();
    await use(view, 'Only failures (1)');
    expect(rows()).toBe(1);
    expect(words(root(view).querySelector('.filtered'))).toBe(
      `${STEPS.recovered - 1} other steps are hidden Show all`,
    );
    root(view).querySelector<HTMLElement>('.filtered button')?.click();
    await view.updateComplete;
    expect(rows()).toBe(all);
  });

  test('show what each turn of the model took once, at its first step', async () => {
    const view = await show(sample('completed'));
    await use(view, 'Tokens and cost of each step');
    const costs = [...root(view).querySelectorAll('.head .costs, .text > .meta .costs')];
    expect(costs.map(words)).toEqual([
      '1,336 tokens $0.0021 for this step',
      '1,863 tokens $0.0027 for this step',
      '2,398 tokens $0.0052 for this step',
    ]);
  });

  test('lead to a step that the filter hides', async () => {
    const view = await show(sample('recovered'));
    await use(view, 'Only failures (1)');
    await use(view, 'Timeline');
    const plot = root(view).querySelector('.plot');
    for (const key of ['End', 'Enter'])
      plot?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await view.updateComplete;
    await vi.waitFor(() =>
      expect(root(view).querySelector('[data-event-type="final_answer"]')).not.toBeNull(),
    );
  });
});

describe('the timeline', () => {
  test('says with the arrow keys what each span is', async () => {
    const view = await show(sample('completed'));
    await use(view, 'Timeline');
    const plot = root(view).querySelector('.plot');
    const say = (key: string): string => {
      plot?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      return plot?.getAttribute('aria-valuetext') ?? '';
    };
    expect(say('ArrowRight')).toBe(
      'Called growth_by_region: first_year: 2024, last_year: 2025, 1.5 s, from 2.5 s',
    );
    expect(say('ArrowDown')).toContain('Called region_total: East');
    expect(say('Home')).toContain('Model, turn 1: I need the totals');
    expect(say('End')).toMatch(/^Model, turn 3: .*2,398 tokens, \$0\.0052$/);
    expect(plot?.getAttribute('aria-valuenow')).toBe(plot?.getAttribute('aria-valuemax'));
  });

  test('is not offered for a run without times', async () => {
    const events = sample('completed').events.map(({ ts: _, ...event }) => event);
    const view = await show({ status: 'completed', events });
    expect((await menu(view)).map(words)).not.toContain('Timeline');
  });
});

describe('beside a step', () => {
  let copied: string[];

  beforeEach(() => {
    copied = [];
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation(async text => {
      copied.push(text);
    });
  });

  afterEach(() => vi.restoreAllMocks());

  async function press(view: TraceElement, name: string): Promise<HTMLElement> {
    const row = root(view).querySelector('.row');
    expect(row?.querySelector('.deeds')).toBeNull();
    row?.dispatchEvent(new PointerEvent('pointerover', { bubbles: true, composed: true }));
    await view.updateComplete;
    const button = row?.querySelector<HTMLElement>(`.deeds [aria-label="${name}"]`);
    button?.click();
    await vi.waitFor(() => expect(button?.ariaLabel).toBe('Copied'));
    return button as HTMLElement;
  }

  test('is what copies it, and says that it has', async () => {
    const button = await press(await show(sample('simulated')), 'Copy this step');
    expect(copied).toEqual([expect.stringContaining('`region_total`')]);
    await vi.waitFor(() => expect(button.ariaLabel).toBe('Copy this step'), { timeout: 3000 });
  });

  test('is what copies a link, where a page would follow it', async () => {
    const linkTo = (task: string, seq: number): string => `https://lab.example/${task}#${seq}`;
    await press(await show(sample('simulated'), { linkTo }), 'Copy a link to this step');
    const [first] = sample('simulated').events.filter(each => each.event_type !== 'run_started');
    expect(copied).toEqual([`https://lab.example/${sample('simulated').task_id}#${first?.seq}`]);
    const view = await show(sample('simulated'));
    expect(root(view).querySelector('[aria-label="Copy a link to this step"]')).toBeNull();
  });

  test('and in the menu it says so where copying is not allowed', async () => {
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('no'));
    const view = await show(sample('simulated'));
    await use(view, 'Copy as Markdown');
    await vi.waitFor(() => expect(words(root(view).querySelector('.said'))).toBe('Not allowed'));
  });
});

describe('a step as Markdown', () => {
  const rows = fromTrace(sample('recovered')).rows;

  test('has its title, arguments and result', () => {
    const state = fromTrace(sample('simulated'));
    const [row] = state.rows.filter(each => each.kind === 'tool');
    expect(row && rowMarkdown(row, 'completed')).toBe(
      '**Called** `region_total` · < 0.1 s\n\nArguments\n\n```json\n{\n  "region": "North"\n}\n```\n\nResult\n\n```\n9874.0\n```',
    );
  });

  test('says why it failed', () => {
    const row = rows.find(each => each.kind === 'tool');
    const said = row && rowMarkdown(row, 'completed');
    expect(said).toContain('· failed ·');
    expect(said).toContain("> KeyError: 'Nroth'");
  });

  test('cannot be broken out of by what is in it', () => {
    const call = {
      event_type: 'tool_call',
      tool_call_id: '1',
      tool_name: 'a`b](x)',
      arguments: { code: '```\n# not a heading\n````' },
    };
    const failed = {
      event_type: 'tool_result',
      tool_call_id: '1',
      outcome: 'failed',
      content: {},
      error: { message: '<img src=x> [a](b)', reason: 'x' },
    };
    const [row] = fold(EMPTY, [
      { seq: 1, ...call },
      { seq: 2, ...failed },
    ]).rows;
    const said = row === undefined ? '' : rowMarkdown(row, 'completed');
    expect(said).toContain('``a`b](x)``');
    expect(said).toContain('`````json\n');
    expect(said).toContain('> \\<img src=x\\> \\[a\\](b)');
  });

  test('stands with all others and the answer in that of the run', () => {
    const said = runMarkdown(fromTrace(sample('completed')), 'completed');
    expect(said).toMatch(/^\*\*analyst\*\*\n\n> Which region grew most/);
    expect(said.match(/^- /gm)).toHaveLength(6);
    expect(said).toContain('\n---\n\n**East grew most**');
    expect(said.trimEnd()).toMatch(/9\.7 s · .*\$0\.0100$/);
  });
});
