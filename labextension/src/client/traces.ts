import { type Fields, fields, text } from '../view/state/read';
import type { Address } from './address';
import { problem, request } from './api';

/** The run that is meant: as a document, or as a task of the server, where that knows it. */
export interface WhichRun {
  readonly taskId: string;
  readonly trace: unknown;
}

/** What the server says of a run, and writes of it. */
export class Traces {
  private which: object | undefined;

  constructor(
    private readonly address: Address,
    private readonly run: WhichRun,
  ) {}

  /**
   * What would leave with the run; rejects with the server's own words.
   *
   * What was looked at is what leaves: of a run that goes on, its trace as it stands now.
   */
  async manifest(): Promise<unknown> {
    this.which = undefined;
    const told = await this.look();
    if (told.goes_on !== true || !('task_id' in fields(this.which))) return told;
    const path = `tasks/${encodeURIComponent(this.run.taskId)}/trace?follow_ups=true`;
    const response = await request(this.address, 'GET', path);
    if (!response.ok) throw new Error(await problem(response));
    this.which = { trace: await response.json() };
    return this.look();
  }

  private async look(): Promise<Fields> {
    const response = await this.ask('traces/manifest', {});
    return fields(await response.json());
  }

  /** The run as a file, in one of the forms that the manifest names. */
  async export(format: string, leaveOut: readonly number[]): Promise<Blob> {
    const response = await this.ask('traces/export', { format, leave_out: leaveOut });
    return response.blob();
  }

  private async ask(path: string, body: object): Promise<Response> {
    let refused: Response | undefined;
    for (const which of this.which === undefined ? this.candidates() : [this.which]) {
      const response = await request(this.address, 'POST', path, { ...which, ...body });
      if (response.ok) {
        this.which = which;
        return response;
      }
      refused ??= response;
      if (response.status !== 404) break;
    }
    throw new Error(refused === undefined ? '' : await problem(refused));
  }

  /** A finished document says it all; of a run that goes on, the server knows more. */
  private candidates(): object[] {
    const document = fields(this.run.trace);
    const saved = Array.isArray(document.events) ? [{ trace: document }] : [];
    const known = this.run.taskId === '' ? [] : [{ task_id: this.run.taskId }];
    return text(document.finished_at) === '' ? [...known, ...saved] : [...saved, ...known];
  }
}
