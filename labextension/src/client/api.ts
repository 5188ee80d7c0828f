import type { ClientFrame } from '../protocol.gen';
import { type Fields, fields, list } from '../view/state/read';
import { trans } from '../view/words';
import type { Address } from './address';

/** What came of taking back a run's edits. */
export interface Undone {
  /** Edits that were taken back. */
  readonly undone: number;
  /** Cells whose edits stand, and why. */
  readonly kept: readonly { readonly cell_id: string; readonly message: string }[];
}

/** The routes that the page uses beside the socket. */
export class TaskApi {
  constructor(
    private readonly address: Address,
    readonly taskId: string,
  ) {}

  socketUrl(after: number): string {
    const url = new URL(`ws/tasks/${encodeURIComponent(this.taskId)}`, this.address.socket);
    // An opened notebook must never start a run, so the server is told not to.
    url.search = new URLSearchParams({
      start: 'false',
      batch: '1',
      after: String(after),
    }).toString();
    if (this.address.token !== '') url.searchParams.set('token', this.address.token);
    return url.href;
  }

  /** Whether the server would let this page see the task: `gone` covers "unknown" and "not yours". */
  async look(): Promise<'there' | 'gone' | 'unreachable'> {
    try {
      // Asked as a list, which may be empty: browsers write a 404 into their console as an error.
      const asked = new URLSearchParams({ id: this.taskId });
      const response = await this.request('GET', `tasks?${asked}`);
      if (response.ok)
        return list(fields(await response.json()).tasks).length > 0 ? 'there' : 'gone';
      return [401, 403, 404].includes(response.status) ? 'gone' : 'unreachable';
    } catch {
      return 'unreachable';
    }
  }

  /** The task without its events; nothing when the server has none of that id for this page. */
  async summary(): Promise<Fields | undefined> {
    const response = await this.fetch('GET', '');
    if ([401, 403, 404].includes(response.status)) return undefined;
    if (!response.ok) throw new Error(await problem(response));
    return fields(await response.json());
  }

  /** The bundle that a finished run leaves in the notebook, with its follow-ups: `{data, metadata}`. */
  async bundle(): Promise<unknown> {
    const response = await this.fetch('GET', '/trace?format=bundle&follow_ups=true');
    if (!response.ok) throw new Error(await problem(response));
    return response.json();
  }

  /** Starts a run that goes on from this one; that one's routes. */
  async followUp(input: string): Promise<TaskApi> {
    const body = { follows: this.taskId, input };
    const response = await this.request('POST', 'tasks', body);
    if (!response.ok) throw new Error(await problem(response));
    const started = (await response.json()) as { readonly task_id: string };
    return this.of(started.task_id);
  }

  /** Starts a run that takes this one on where it ended; that one's routes. */
  async resume(): Promise<TaskApi> {
    const response = await this.fetch('POST', '/resume', {});
    if (!response.ok) throw new Error(await problem(response));
    const started = (await response.json()) as { readonly task_id: string };
    return this.of(started.task_id);
  }

  /** The routes of another task of the same server. */
  of(taskId: string): TaskApi {
    return new TaskApi(this.address, taskId);
  }

  /** Deletes a finished run with its events. */
  async remove(): Promise<void> {
    const response = await this.fetch('DELETE', '');
    // 404: somebody else did.
    if (!response.ok && response.status !== 404) throw new Error(await problem(response));
  }

  /** Takes back the run's edits of its notebook, as far as nobody has changed those cells since. */
  async undo(): Promise<Undone> {
    const response = await this.fetch('POST', '/undo', {});
    if (!response.ok) throw new Error(await problem(response));
    return response.json() as Promise<Undone>;
  }

  async post(frame: ClientFrame): Promise<void> {
    const { type, ...body } = frame;
    const response = await this.fetch('POST', type === 'cancel' ? '/cancel' : '/answers', body);
    // 409: it has ended, or somebody answered first. The events tell which.
    if (!response.ok && response.status !== 409) throw new Error(await problem(response));
  }

  private fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return this.request(method, `tasks/${encodeURIComponent(this.taskId)}${path}`, body);
  }

  private request(method: string, path: string, body?: unknown): Promise<Response> {
    return request(this.address, method, path, body);
  }
}

/** Asks the server for a route; `path` is below the API's address. Rejects when nobody answers. */
export async function request(
  address: Address,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const url = new URL(path, address.http);
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  if (xsrf !== undefined) headers['X-XSRFToken'] = xsrf;
  if (address.token !== '') headers.Authorization = `token ${address.token}`;
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  try {
    return await fetch(url, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  } catch {
    // Browsers say it in words of their own, such as "Failed to fetch".
    throw new Error(trans.__('The server cannot be reached.'));
  }
}

/** Why the server refused, in its words. */
export async function problem(response: Response): Promise<string> {
  const fallback = trans.__('The server answered %1.', response.status);
  try {
    const body: unknown = await response.json();
    const message = (body as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : fallback;
  } catch {
    return fallback;
  }
}
