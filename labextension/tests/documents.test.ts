import { describe, expect, it } from 'vitest';
import completed from '../../tests/samples/completed.json';
import { LARGEST, readFile, Unreadable } from '../src/documents/file';
import { SavedRuns } from '../src/documents/runs';
import { plainHost } from '../src/host/plain';
import type { TraceElement } from '../src/view/element';

function problem(content: string): string {
  try {
    readFile(content);
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
  return '';
}

describe('a file of runs', () => {
  it('holds one run, or several as they were exported', () => {
    expect(readFile(JSON.stringify(completed)).runs).toEqual([completed]);
    expect(readFile(JSON.stringify([completed, completed])).runs).toHaveLength(2);
    expect(readFile(JSON.stringify(completed)).notice).toBe('');
  });

  it('of a later version is shown, and says so once', async () => {
    const place = document.createElement('div');
    const runs = new SavedRuns(place, plainHost, () => undefined);
    document.body.append(place);
    runs.show(JSON.stringify({ ...completed, version: 2 }));
    const view = place.querySelector<TraceElement>('agentkit-trace');
    await view?.updateComplete;
    const said = `${place.textContent} ${view?.shadowRoot?.textContent}`;
    expect(said.match(/later version/g)).toHaveLength(1);
    runs.dispose();
    place.remove();
  });

  it('may begin with the mark of its encoding', () => {
    expect(readFile(`\uFEFF${JSON.stringify(completed)}`).runs).toEqual([completed]);
  });

  it('says which entries are left out', () => {
    const { runs, notice } = readFile(JSON.stringify([completed, 'x', { a: 1 }]));
    expect(runs).toHaveLength(1);
    expect(notice).toContain('2 entries');
  });

  it('with fields missing is still one', () => {
    expect(readFile('{"task_id": "a", "status": "failed"}').runs).toHaveLength(1);
    expect(readFile('{"events": []}').runs).toHaveLength(1);
  });

  it.each([
    ['', 'empty'],
    ['  \n', 'empty'],
    ['{"events": [', 'not valid JSON'],
    ['null', 'no list of "events"'],
    ['{"name": "package"}', 'no list of "events"'],
    ['[]', 'empty list'],
    ['[1, {"a": 2}]', 'nothing in it is a run'],
    ['{"cells": [{}]}', 'notebook'],
  ])('of %j says what is wrong', (content, said) => {
    expect(problem(content)).toContain(said);
  });

  it('that is too large is not read', () => {
    expect(problem(' '.repeat(LARGEST + 1))).toContain('too large');
  });
});
