import { expect, test } from 'vitest';
import { linkedStep, stepLink } from '../src/link';

const PAGE = 'https://hub.example/user/ada/lab/tree/a%20b/n.ipynb?reset=&token=secret#other';

test('a link names the page and the step, and nothing that the page was opened with', () => {
  expect(stepLink({ taskId: 't 1&step=9', seq: 12 }, PAGE)).toBe(
    'https://hub.example/user/ada/lab/tree/a%20b/n.ipynb#agentkit-run=t+1%26step%3D9&step=12',
  );
});

test.each([
  { taskId: 'a b/ü&=#', seq: 7 },
  { taskId: 't', seq: 0 },
])('the step of a link is the one it was made for: %j', step => {
  expect(linkedStep(new URL(stepLink(step, PAGE)).hash)).toEqual(step);
});

test.each(['', '#', '#cell-3', '#step=3', '#agentkit-run='])('%j names no step', hash => {
  expect(linkedStep(hash)).toBeUndefined();
});

test.each(['x', '1.5', '1e99', '-5', '-0', ''])(
  'a step %j that no event can have is the whole run',
  seq => {
    expect(linkedStep(`#agentkit-run=t&step=${seq}`)).toEqual({ taskId: 't', seq: 0 });
  },
);
