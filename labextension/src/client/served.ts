import type { Source, Undone } from '../view/source';
import { fields, list, number, text } from '../view/state/read';
import type { TaskApi } from './api';
import { SocketSource } from './socket';

/** A run of this page's server, watched while it goes on, and gone on from afterwards. */
export class ServedSource extends SocketSource {
  constructor(
    private readonly server: TaskApi,
    trace: unknown,
  ) {
    super(server, trace, lastSeq(trace));
  }

  async reachable(): Promise<boolean> {
    return (await this.server.look()) === 'there';
  }

  undo(): Promise<Undone> {
    return this.server.undo();
  }

  async followUp(input: string): Promise<Source> {
    const next = await this.server.followUp(input);
    return new ServedSource(next, { task_id: next.taskId, input });
  }

  async resume(): Promise<Source> {
    const next = await this.server.resume();
    return new ServedSource(next, { task_id: next.taskId });
  }

  followed(trace: unknown): Source {
    return new ServedSource(this.server.of(text(fields(trace).task_id)), trace);
  }
}

function lastSeq(trace: unknown): number {
  return list(fields(trace).events).reduce<number>(
    (highest, event) => Math.max(highest, number(fields(event).seq) ?? 0),
    0,
  );
}
