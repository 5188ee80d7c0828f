import { expect, test, vi } from 'vitest';
import { plainHost } from '../src/host/plain';
import { warmUp } from '../src/view/warm-up';

test('the view is tried out while the page rests, and nothing of it stays', async () => {
  const shown: string[] = [];
  const seen = new MutationObserver(changes => {
    for (const { addedNodes } of changes) shown.push(...[...addedNodes].map(each => each.nodeName));
  });
  seen.observe(document.body, { childList: true, subtree: true });
  const renderMarkdown = vi.fn(plainHost.renderMarkdown);
  await warmUp({ ...plainHost, renderMarkdown });
  await vi.waitFor(() => expect(shown).toContain('DIV'));
  seen.disconnect();
  expect(renderMarkdown.mock.calls.length).toBeGreaterThan(1);
  expect(document.body.childElementCount).toBe(0);
});

test('Markdown that cannot be rendered keeps the view from nothing', async () => {
  const renderMarkdown = () => Promise.reject(new Error('no parser'));
  await warmUp({ ...plainHost, renderMarkdown });
  expect(document.body.childElementCount).toBe(0);
});
