import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plainHost } from '../src/host/plain';
import { mount, type TraceElement } from '../src/view/element';
import { clock, cost, date, duration, thousands } from '../src/view/format';
import { tokensText } from '../src/view/state/usage';
import { speak, type Words } from '../src/view/words';
import { STATES } from './gallery/states';

/** A language whose words can be told from everything that was not said in it. */
const MARKED: Words = {
  __: (text, ...args) => `⟦${filled(text, args)}⟧`,
  _n: (one, many, amount, ...args) => `⟦${filled(amount === 1 ? one : many, [amount, ...args])}⟧`,
  language: 'de',
};

function filled(text: string, args: readonly unknown[]): string {
  return text.replace(/%(\d+)/g, (_, place) => String(args[Number(place) - 1]));
}

describe('every text that is shown is said in the page’s language', () => {
  let life: AbortController;
  let place: HTMLElement;
  const host = { ...plainHost, words: MARKED };

  beforeEach(() => {
    life = new AbortController();
    place = document.createElement('div');
    document.body.append(place);
  });

  afterEach(() => {
    life.abort();
    place.remove();
  });

  async function show(name: string): Promise<{ view: TraceElement; said: Said }> {
    const source = STATES[name]?.() ?? {};
    const said = new Said();
    said.add(source.trace);
    const { subscribe } = source;
    if (subscribe !== undefined) {
      source.subscribe = (listener, signal) =>
        subscribe.call(
          source,
          {
            ...listener,
            events: events => {
              said.add(events);
              listener.events(events);
            },
            result: result => {
              said.add(result);
              listener.result(result);
            },
            refused: message => {
              said.add(message);
              listener.refused(message);
            },
          },
          signal,
        );
    }
    const view = mount(place, source, host, { signal: life.signal });
    await settled(view);
    return { view, said };
  }

  async function settled(view: TraceElement): Promise<void> {
    await view.updateComplete;
    await vi.waitFor(() => {
      const texts = [...view.querySelectorAll('.agentkit-text')];
      if (texts.some(node => node.childElementCount === 0)) throw new Error('not rendered yet');
    });
  }

  /** What is shown or told to assistive technology, and was neither said nor came with the run. */
  function foreign(view: TraceElement, said: Said): string[] {
    const shown = views(view).flatMap(each => [
      textOf(each.renderRoot as ShadowRoot),
      textOf(each),
    ]);
    return shown
      .flatMap(text => withoutMarked(text).match(/\p{L}[\p{L}\p{M}]+/gu) ?? [])
      .filter(word => !said.has(word));
  }

  test.each(Object.keys(STATES))('%s', async name => {
    const { view, said } = await show(name);
    expect(foreign(view, said)).toEqual([]);
    for (const each of views(view)) {
      for (const head of (each.renderRoot as ShadowRoot).querySelectorAll<HTMLElement>(
        '.head[aria-expanded="false"]',
      ))
        head.click();
    }
    // Of several views happy-dom cannot tell which one has the focus.
    if (views(view).length === 1) more(view)?.click();
    await settled(view);
    expect(foreign(view, said)).toEqual([]);
  });

  test('in the timeline and what else a run’s tools show', async () => {
    const { view, said } = await show('saved: recovered');
    const root = view.renderRoot as ShadowRoot;
    for (const tool of ['⟦Timeline⟧', '⟦Tokens and cost of each step⟧', '⟦Only failures (1)⟧']) {
      more(view)?.click();
      await view.updateComplete;
      const items = [...root.querySelectorAll<HTMLElement>('.menu button')];
      items.find(item => item.textContent?.trim() === tool)?.click();
      await view.updateComplete;
    }
    root.querySelector('.plot')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'End' }));
    expect(root.querySelector('.tip')?.textContent).toContain('⟦Model');
    expect(root.querySelector('.costs')?.textContent).toContain('⟦');
    expect(root.querySelector('.filtered')?.textContent).toContain('⟦Show all⟧');
    expect(foreign(view, said)).toEqual([]);
  });

  test.each(['Timeline', 'Find in this run'])('the tool %s', async name => {
    const { view, said } = await show('saved: completed');
    const root = view.renderRoot as ShadowRoot;
    const before = root.querySelectorAll('*').length;
    root.querySelector<HTMLElement>(`.tool[aria-label="⟦${name}⟧"]`)?.click();
    await settled(view);
    expect(root.querySelectorAll('*').length).toBeGreaterThan(before);
    expect(foreign(view, said)).toEqual([]);
  });

  test.each([
    ['waiting: code, with a limit', '⟦Deny⟧', '⟦Reason'],
    ['waiting: code, with a limit', '⟦Edit arguments⟧', '⟦Back⟧'],
    ['question: form', '⟦Send⟧', '⟦This is needed.⟧'],
  ])('%s, after %s', async (name, button, then) => {
    const { view, said } = await show(name);
    const root = view.renderRoot as ShadowRoot;
    const pressed = [...root.querySelectorAll<HTMLButtonElement>('.ask button')].find(
      each => each.textContent?.trim() === button,
    );
    pressed?.click();
    pressed?.closest('form')?.requestSubmit();
    await vi.waitFor(() => expect(root.textContent).toContain(then));
    expect(foreign(view, said)).toEqual([]);
  });
});

/** What came with a run, to tell it from what the page says. */
class Said {
  private text = '';
  /** What is streamed is one text, wherever it was cut. */
  private streamed = '';

  add(value: unknown): void {
    if (Array.isArray(value)) {
      for (const each of value) this.add(each);
    } else if (typeof value === 'object' && value !== null) {
      const { delta, ...others } = value as Readonly<Record<string, unknown>>;
      this.streamed += delta ?? '';
      for (const [key, part] of Object.entries(others)) {
        this.text += ` ${key} `;
        if (typeof part === 'object') this.add(part);
        else this.text += ` ${plain(String(part))} `;
      }
    } else {
      this.text += ` ${value} `;
    }
  }

  has(word: string): boolean {
    // A text may be cut on the page, in mid-word too.
    const begun = new RegExp(`(?<!\\p{L})${word}`, 'u');
    return begun.test(this.text) || begun.test(this.streamed);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with one
const plain = (text: string): string => text.replace(/\x1b\[[0-9;]*m/g, '');

function more(view: TraceElement): HTMLElement | null {
  return (view.renderRoot as ShadowRoot).querySelector('.more-tools');
}

function views(view: TraceElement): TraceElement[] {
  return [view, ...view.querySelectorAll<TraceElement>('agentkit-trace')];
}

const SPOKEN_ATTRIBUTES = ['aria-label', 'aria-valuetext', 'title', 'placeholder', 'alt'];

function textOf(root: ParentNode & Node): string {
  const texts: string[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node instanceof Element) {
      texts.push(...SPOKEN_ATTRIBUTES.map(name => (node as Element).getAttribute(name) ?? ''));
    } else if (node.parentElement?.closest('style') == null) {
      texts.push(node.textContent ?? '');
    }
  }
  return texts.join(' ');
}

function withoutMarked(text: string): string {
  const less = text.replace(/⟦[^⟦⟧]*⟧/g, '');
  return less === text ? text : withoutMarked(less);
}

describe('in the source', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.endsWith('.gen.ts'))
    .map(name => {
      const text = readFileSync(join('src', name), 'utf8');
      return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
    });

  function find<T extends ts.Node>(is: (node: ts.Node) => node is T): T[] {
    const found: T[] = [];
    const visit = (node: ts.Node): void => {
      if (is(node)) found.push(node);
      ts.forEachChild(node, visit);
    };
    for (const file of files) visit(file);
    return found;
  }

  const placeOf = (node: ts.Node): string =>
    `${node.getSourceFile().fileName}: ${node.getText().slice(0, 80)}`;

  test('every text is a literal, so that it can be found by who translates it', () => {
    const calls = find(ts.isCallExpression).filter(({ expression }) =>
      /^trans\.(__|_n)$/.test(expression.getText()),
    );
    expect(calls.length).toBeGreaterThan(100);
    const wrong = calls.filter(({ expression, arguments: given }) => {
      const texts = given.slice(0, expression.getText().endsWith('_n') ? 2 : 1);
      return !texts.every(text => ts.isStringLiteralLike(text));
    });
    expect(wrong.map(placeOf)).toEqual([]);
  });

  test('every text has all of its arguments, and the amount where it is about one', () => {
    const wrong = find(ts.isCallExpression).filter(({ expression, arguments: given }) => {
      const name = expression.getText();
      if (!/^trans\.(__|_n)$/.test(name)) return false;
      const many = name.endsWith('_n');
      const texts = given.slice(0, many ? 2 : 1).filter(ts.isStringLiteralLike);
      const values = given.length - (many ? 2 : 1);
      const placesIn = (text: string): number[] =>
        [...text.matchAll(/%(\d+)/g)].map(([, place]) => Number(place));
      const last = placesIn(texts.at(-1)?.text ?? '');
      const shown = Array.from({ length: values }, (_, index) => index + 1).slice(many ? 1 : 0);
      // One thing may be said without its amount.
      return (
        texts.some(({ text }) => Math.max(0, ...placesIn(text)) > values) ||
        shown.some(place => !last.includes(place))
      );
    });
    expect(wrong.map(placeOf)).toEqual([]);
  });

  test('no template holds words of its own', () => {
    const wrong = find(ts.isTaggedTemplateExpression)
      .filter(({ tag }) => tag.getText() === 'html')
      .filter(({ template }) => {
        const page = ts.isNoSubstitutionTemplateLiteral(template)
          ? template.text
          : [template.head, ...template.templateSpans.map(span => span.literal)]
              .map(part => part.text)
              .join('…');
        const shown = page.replace(/<[^>]*>/g, ' ');
        const told = SPOKEN_ATTRIBUTES.map(name => new RegExp(`${name}="[^"]*[a-z]`, 'i'));
        return /\p{L}/u.test(shown) || told.some(attribute => attribute.test(page));
      });
    expect(wrong.map(placeOf)).toEqual([]);
  });
});

describe('figures', () => {
  const english: Words = { __: filledOf, _n: (_, many, ...args) => filledOf(many, ...args) };
  function filledOf(text: string, ...args: unknown[]): string {
    return filled(text, args);
  }

  afterEach(() => speak(MARKED));

  test('are written as in the page’s language', () => {
    speak({ ...english, language: 'de' });
    expect(duration(400)).toBe('0,4 s');
    expect(thousands(1234567)).toBe('1.234.567');
    expect(cost(0.0123)).toBe('0,0123\u00a0$');
    expect(date(Date.parse('2026-11-23T13:02:04Z'))).toContain('23.11.2026');
    expect(tokensText({ inputTokens: 1200, outputTokens: 90, cost: undefined })).toBe(
      '1.290 tokens',
    );
  });

  test('are written as the browser is set, where that is a form of the page’s language', () => {
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['fr-FR', 'en-GB', 'en']);
    speak({ ...english, language: 'en' });
    expect(clock(Date.parse('2026-11-23T13:02:04'))).toBe('13:02');
    vi.restoreAllMocks();
  });

  test('survive a language tag that is none', () => {
    speak({ ...english, language: 'not a tag!' });
    expect(duration(12_000)).toBe('12 s');
    expect(thousands(12)).toBe('12');
  });
});
