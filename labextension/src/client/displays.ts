import { fields, list, text, time } from '../view/state/read';
import type { Address } from './address';
import { request } from './api';

/** A run that the last execution of a cell has shown. */
export interface Display {
  readonly taskId: string;
  readonly cellId: string;
  /** Milliseconds since 1970; nothing while it goes on. */
  readonly finishedAt: number | undefined;
}

/** What the cells of a notebook have shown, in that order; nothing when the server cannot tell. */
export async function displaysOf(address: Address, path: string): Promise<readonly Display[]> {
  try {
    const query = new URLSearchParams({ path });
    const response = await request(address, 'GET', `displays?${query}`);
    if (!response.ok) return [];
    return list(fields(await response.json()).displays).map(each => ({
      taskId: text(fields(each).task_id),
      cellId: text(fields(each).cell_id),
      finishedAt: time(fields(each).finished_at),
    }));
  } catch {
    return [];
  }
}
