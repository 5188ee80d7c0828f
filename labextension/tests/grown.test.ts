import { marked } from 'marked';
import { expect, test } from 'vitest';
import { boxTables } from '../src/view/cuts';
import { plainWords } from '../src/view/grown';
import { closed, GrowingMarkdown, lastBlockEnd } from '../src/view/markdown';

const TEXT = `# A title of some words

The sales of **two regions** grew, and one fell (see below). It's a \`code span\` then more, e.g. version 1.5
on a second line with a [link to it](https://example.com/a) and www.example.com and http://exa.org here.

- a list of things
- another one, with *emphasis* and more words
  1. nested ones
  2. and 3. not a list

1) numbered differently
2) again - with a dash

> quoted words go on
> and on

| a | table |
| - | ----- |
| with | some cells |

Words_with_marks and a*b*c and 2 * 3 and $x = a b$ and <b>raw</b> html <!-- hidden --> end

Heading by line
---

\`\`\`py
code = "with words that go on"
\`\`\`

- [ ] a task to do
- - - deep list

    indented code stays

Last words, "quoted", well-known — and the end: done.`;

async function render(text: string, into: HTMLElement): Promise<void> {
  into.innerHTML = marked.parse(text, { async: false, gfm: true });
}

/** What one shows, without the spaces that make no difference to who reads it. */
function shown(node: Element | null): string {
  return (node?.innerHTML ?? '').replace(/\s+/g, ' ').replace(/ (?=<|$)|(?<=>) /g, '');
}

/** A source of numbers that are the same every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'text that grows by pieces looks at each moment as if it had come at once (%i)',
  async seed => {
    const random = numbers(seed);
    const node = document.createElement('div');
    const growing = new GrowingMarkdown(node, render);
    let settled = 0;
    for (let end = 1; end <= TEXT.length; end += Math.ceil(random() * 12)) {
      const text = TEXT.slice(0, end);
      growing.show(text, true);
      await new Promise(resolve => requestAnimationFrame(resolve));
      await new Promise(resolve => setTimeout(resolve));
      settled = lastBlockEnd(text, settled);
      const whole = document.createElement('div');
      await render(closed(text.slice(settled)), whole);
      boxTables(whole);
      if (whole.childElementCount > 0) {
        expect(shown(node.lastElementChild), JSON.stringify(text.slice(-60))).toBe(shown(whole));
      }
    }
  },
  60_000,
);

test('plain words are put into the paragraph that stands there, which is not rendered again', async () => {
  const node = document.createElement('div');
  let rendered = 0;
  const growing = new GrowingMarkdown(node, (text, into) => {
    rendered += 1;
    return render(text, into);
  });
  const text = "The sales of the two regions grew, and they didn't fall again: well-known.";
  for (let end = 12; end <= text.length; end += 5) {
    growing.show(text.slice(0, end), true);
    await new Promise(resolve => requestAnimationFrame(resolve));
    await new Promise(resolve => setTimeout(resolve));
  }
  expect(rendered).toBe(1);
  const last = 12 + Math.floor((text.length - 12) / 5) * 5;
  expect(node.textContent?.trim()).toBe(text.slice(0, last).trim());
});

test('what may be the begin of something else than words is not taken for words', () => {
  for (const [shown, added] of [
    ['see http:', '//a.org'],
    ['see www', '.a.org'],
    ['a | b', ' | c'],
    ['end', '\n'],
    ['1', '. one'],
    ['- 1', '. one'],
    ['it is ', '**bold'],
    ['it is **b', 'old*'],
    ['a mail to me', '@a.org'],
    ['some &am', 'p;'],
  ] as const) {
    expect(plainWords(shown, shown + added), shown + added).toBeUndefined();
  }
  expect(plainWords('The sales ', 'The sales of two')).toBe('of two');
  expect(plainWords('They do', "They don't, well-known")).toBe("n't, well-known");
  expect(plainWords('Der Umsatz', 'Der Umsatz wächst')).toBe(' wächst');
});
