import { describe, expect, test } from 'vitest';
import { Herald } from '../src/view/herald';
import { attached, fold } from '../src/view/state/reduce';
import { EMPTY, type ViewState } from '../src/view/state/state';
import { type Sample, sample } from './samples';

/** The run as it stands after its first events, and when that was. */
function after(trace: Sample, count: number): { state: ViewState; at: number } {
  const state = fold(attached(EMPTY, 'running'), trace.events.slice(0, count));
  return { state, at: state.lastTime ?? 0 };
}

/** All that is said while a run goes on, event by event, without what is said twice. */
function heard(trace: Sample): string[] {
  const herald = new Herald();
  const all: string[] = [];
  for (let count = 1; count <= trace.events.length; count += 1) {
    const { state, at } = after(trace, count);
    const said = herald.say(state, at);
    if (said !== '' && said !== all.at(-1)) all.push(said);
  }
  return all;
}

describe('what is said of a run to those who do not see it', () => {
  test('is that it began and that it is done, and nothing of each step', () => {
    expect(heard(sample('completed'))).toEqual([
      'analyst is working.',
      'analyst is done after 9.7 s.',
    ]);
    expect(heard(sample('streamed'))).toHaveLength(2);
  });

  test('is what it asks, once, and not that it goes on afterwards', () => {
    expect(heard(sample('approved'))).toEqual([
      'editor is working.',
      'editor waits for your approval: Edit cell.',
      'editor is done after 9.7 s.',
    ]);
  });

  test('is why it failed', () => {
    const [, failed] = heard(sample('failed'));
    expect(failed).toMatch(/^analyst failed after 1\.2 s\. openai refused/);
  });

  test('is a call that failed, though the run goes on', () => {
    const { state, at } = after(sample('recovered'), 4);
    const herald = new Herald();
    expect(herald.say(state, at)).toBe('analyst is working.');
    const failed = after(sample('recovered'), 5);
    expect(herald.say(failed.state, at + 1000)).toBe('analyst is working.');
    expect(herald.say(failed.state, at + 6000)).toMatch(/^Call region_total failed\. .*'Nroth'/);
    const later = after(sample('recovered'), 8);
    expect(herald.say(later.state, at + 12_000)).toMatch(/^Call region_total failed\./);
  });

  test('is now and then where it is', () => {
    const { state, at } = after(sample('cancelled'), 5);
    const herald = new Herald();
    herald.say(state, at);
    expect(herald.say(state, at + 29_000)).toBe('analyst is working.');
    expect(herald.say(state, at + 31_000)).toBe('Step 2: Finding duplicates');
    expect(herald.say(state, at + 59_000)).toBe('Step 2: Finding duplicates');
  });

  test('is nothing on a page that is opened while runs have been going on', () => {
    const { state, at } = after(sample('cancelled'), 5);
    expect(new Herald().say(state, at + 60_000)).toBe('');
    const done = after(sample('completed'), 16);
    expect(new Herald().say(done.state, done.at + 60_000)).toBe('');
    const waiting = after(sample('waiting'), 5);
    const herald = new Herald();
    expect(herald.say(waiting.state, waiting.at + 60_000)).toBe('');
    const resolved = { event_type: 'request_resolved', seq: 6, request_id: 'r1', decision: 'deny' };
    const ended = { event_type: 'run_finished', seq: 7, status: 'completed' };
    const over = fold(waiting.state, [resolved, ended]);
    expect(herald.say(over, waiting.at + 61_000)).toBe('editor is done.');
  });
});
