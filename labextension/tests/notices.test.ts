import { describe, expect, it } from 'vitest';
import { type Task, taskOf } from '../src/client/task';
import { type Board, type Notice, Notices, type Sight } from '../src/notices/notices';
import type { When } from '../src/settings/settings';

function task(id: string, more: Record<string, unknown> = {}): Task {
  const made = taskOf({
    task_id: id,
    agent: 'analyst',
    input: `question ${id}`,
    status: 'running',
    created_at: '2026-11-01T10:00:00Z',
    place: { path: 'work/sales.ipynb', cell_id: 'c1' },
    ...more,
  });
  if (made === undefined) throw new Error('no task');
  return made;
}

const over = (id: string, status = 'completed', error?: object): Task =>
  task(id, { status, finished_at: '2026-11-01T10:00:09Z', error });
const asking = (id: string, ...requests: string[]): Task =>
  task(id, {
    status: 'input_required',
    asks: requests.map(request_id => ({ request_id, tool_name: 'delete_file' })),
  });

class Room implements Board, Sight {
  readonly shown = new Map<string, Notice>();
  given = 0;
  open = true;
  seen = false;
  end: When = 'hidden';
  ask: When = 'hidden';
  readonly notices = new Notices(this, this, () => ({ notifyEnd: this.end, notifyAsk: this.ask }));

  put(notice: Notice): void {
    this.given += 1;
    this.shown.set(notice.key, notice);
  }
  take(key: string): void {
    this.shown.delete(key);
  }
  isOpen = (path: string): boolean => this.open && path === 'work/sales.ipynb';
  sees = (): boolean => this.seen;
  get messages(): string[] {
    return [...this.shown.values()].map(each => each.message);
  }
}

describe('a notice that a run has ended', () => {
  it('is given once, with what was asked', () => {
    const room = new Room();
    room.notices.heed([task('a')]);
    room.notices.heed([over('a')]);
    room.notices.heed([over('a')]);
    expect(room.messages).toEqual(['analyst is done: question a']);
    expect(room.given).toBe(1);
  });

  it('says why a run failed', () => {
    const room = new Room();
    room.notices.heed([task('a')]);
    room.notices.heed([over('a', 'failed', { message: 'No such model.', reason: 'x' })]);
    expect(room.messages).toEqual(['analyst failed: No such model.']);
  });

  it('is not given of what had ended before the page knew of it', () => {
    const room = new Room();
    room.notices.heed([over('a')]);
    room.notices.heed([over('a'), over('b')]);
    expect(room.messages).toEqual([]);
  });

  it('is not given of a run that somebody cancelled', () => {
    const room = new Room();
    room.notices.heed([task('a')]);
    room.notices.heed([over('a', 'cancelled')]);
    expect(room.messages).toEqual([]);
  });

  it('is not given of notebooks that are not open here', () => {
    const room = new Room();
    room.open = false;
    room.notices.heed([task('a')]);
    room.notices.heed([over('a')]);
    expect(room.messages).toEqual([]);
  });

  it.each([
    ['never', false, 0],
    ['hidden', false, 1],
    ['hidden', true, 0],
    ['always', true, 1],
  ] as const)(
    'wished for %s, with the notebook in sight: %s, is given %i times',
    (when, seen, times) => {
      const room = new Room();
      room.end = when;
      room.seen = seen;
      room.notices.heed([task('a')]);
      room.notices.heed([over('a')]);
      expect(room.given).toBe(times);
    },
  );

  it('becomes one for many runs of a notebook, and goes when the reader looks there', () => {
    const room = new Room();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    room.notices.heed(ids.map(id => task(id)));
    room.notices.heed(ids.map((id, place) => (place < 3 ? over(id) : task(id))));
    expect(room.shown.size).toBe(3);
    room.notices.heed(ids.map(id => over(id, id === 'd' ? 'failed' : 'completed')));
    expect(room.messages).toEqual(['5 runs of sales.ipynb have ended, 1 of them badly.']);
    room.notices.look();
    expect(room.shown.size).toBe(1);
    room.seen = true;
    room.notices.look();
    expect(room.shown.size).toBe(0);
  });
});

describe('a notice that a run asks', () => {
  it('stays until the request is answered, wherever that was', () => {
    const room = new Room();
    room.notices.heed([task('a')]);
    room.notices.heed([asking('a', 'r1')]);
    expect(room.messages).toEqual(['analyst waits for your approval to call delete_file.']);
    room.seen = true;
    room.notices.look();
    room.notices.heed([asking('a', 'r1')]);
    expect(room.given).toBe(1);
    expect(room.shown.size).toBe(1);
    room.notices.heed([task('a')]);
    expect(room.shown.size).toBe(0);
  });

  it('is given of what is open already when the page comes', () => {
    const room = new Room();
    room.notices.heed([asking('a', 'r1')]);
    expect(room.shown.size).toBe(1);
  });

  it('takes the place of an earlier one of its run', () => {
    const room = new Room();
    room.notices.heed([asking('a', 'r1')]);
    room.notices.heed([asking('a', 'r1', 'r2')]);
    expect(room.shown.size).toBe(1);
    expect(room.given).toBe(2);
  });

  it('becomes one for many runs of a notebook, until none of them asks', () => {
    const room = new Room();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    room.notices.heed(ids.map(id => asking(id, 'r1')));
    expect(room.messages).toEqual(['Several runs of sales.ipynb wait for you.']);
    room.notices.heed(ids.map(id => (id === 'e' ? asking(id, 'r1') : task(id))));
    expect(room.shown.size).toBe(1);
    room.notices.heed(ids.map(id => (id > 'c' ? asking(id, 'r2') : task(id))));
    expect(room.messages).toEqual(['Several runs of sales.ipynb wait for you.']);
    room.notices.heed(ids.map(id => task(id)));
    expect(room.shown.size).toBe(0);
    room.notices.heed([asking('a', 'r3')]);
    expect(room.messages).toEqual(['analyst waits for your approval to call delete_file.']);
  });

  it('goes with its run', () => {
    const room = new Room();
    room.notices.heed([asking('a', 'r1')]);
    room.notices.heed([]);
    expect(room.shown.size).toBe(0);
  });
});
