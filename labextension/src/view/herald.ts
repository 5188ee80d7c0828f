import { tookMs } from './chrome';
import { duration } from './format';
import { oneLine, toolTitle } from './row/titles';
import {
  openRequest,
  type Row,
  type Status,
  stepsOf,
  type ToolRow,
  type ViewState,
} from './state/state';
import { trans } from './words';

/** What was so much earlier is no news to somebody who comes to the page. */
const NEWS_FOR_MS = 10_000;
/** How long a run goes on before it is said where it is. */
const SILENT_FOR_MS = 30_000;
/** Failed calls are said no faster than they can be listened to. */
const FAILURES_EVERY_MS = 5_000;
const ROWS_LOOKED_AT = 64;

/**
 * Says to those who do not see the page what is news: that a run began, asks, failed at something or
 * ended, and now and then where it is.
 *
 * A page that is opened with runs on it stays silent: all of them would speak at once.
 */
export class Herald {
  private status: Status | undefined;
  private request: string | undefined;
  private said = '';
  private saidAt = 0;
  private heardSeq = 0;

  /** What the live region holds; `now` is the server's time, in ms. */
  say(state: ViewState, now: number): string {
    const row = state.status === 'input_required' ? newestRequest(state) : undefined;
    const request = row === undefined ? undefined : openRequest(row);
    const before = this.status;
    if (state.status !== before || request !== this.request) {
      this.status = state.status;
      this.request = request;
      const goesOn = state.status === 'running' && before === 'input_required';
      const old = before === undefined && now - (momentOf(state) ?? now) > NEWS_FOR_MS;
      this.heardSeq = state.lastSeq;
      this.tell(goesOn || old ? '' : announcement(state, row), now);
    } else if (state.status === 'running') {
      this.follow(state, now);
    }
    return this.said;
  }

  private follow(state: ViewState, now: number): void {
    const recent = state.rows.slice(-ROWS_LOOKED_AT).filter(row => row.kind === 'tool');
    const silent = now - this.saidAt;
    const failed = recent
      .filter(({ result }) => result?.outcome === 'failed' && result.seq > this.heardSeq)
      .at(-1);
    if (failed !== undefined && silent > FAILURES_EVERY_MS) {
      this.heardSeq = state.lastSeq;
      const why = oneLine(failed.result?.error?.message ?? '', 200);
      this.tell(trans.__('%1 failed. %2', titleOf(failed), why).trim(), now);
    } else if (silent > SILENT_FOR_MS) {
      const going = recent.filter(({ result }) => result === undefined).at(-1);
      this.heardSeq = state.lastSeq;
      this.tell(
        going === undefined
          ? trans.__('Step %1', stepsOf(state))
          : trans.__('Step %1: %2', stepsOf(state), titleOf(going)),
        now,
      );
    }
  }

  private tell(said: string, now: number): void {
    this.said = said;
    this.saidAt = now;
  }
}

function titleOf(row: ToolRow): string {
  const going = row.result === undefined ? 'going on' : 'wanted';
  const { verb, object } = toolTitle(row.name, row.arguments, going);
  return `${verb} ${object}`;
}

/** When a run came to stand as it does. */
function momentOf(state: ViewState): number | undefined {
  if (state.status === 'running') return state.startedAt;
  return state.finishedAt ?? state.lastTime;
}

function newestRequest(state: ViewState): Row | undefined {
  const index = [...state.unfinished]
    .filter(([key]) => key.startsWith('request:'))
    .map(([, at]) => at)
    .at(-1);
  return index === undefined ? undefined : state.rows[index];
}

/** One sentence about how a run stands. */
function announcement(state: ViewState, request: Row | undefined): string {
  const who = state.agent || trans.__('The agent');
  const took = tookMs(state);
  const after = took === undefined ? undefined : duration(took);
  switch (state.status) {
    case 'queued':
      return '';
    case 'running':
      return trans.__('%1 is working.', who);
    case 'input_required':
      return requestText(request, who);
    case 'completed':
      return after === undefined
        ? trans.__('%1 is done.', who)
        : trans.__('%1 is done after %2.', who, after);
    case 'failed':
      return failedText(who, after, oneLine(state.error?.message ?? '', 200));
    case 'cancelled':
      return after === undefined
        ? trans.__('%1 was stopped.', who)
        : trans.__('%1 was stopped after %2.', who, after);
    case 'interrupted':
      return trans.__('%1 was interrupted: the server stopped.', who);
  }
}

function failedText(who: string, after: string | undefined, why: string): string {
  const failed =
    after === undefined ? trans.__('%1 failed.', who) : trans.__('%1 failed after %2.', who, after);
  return why === '' ? failed : `${failed} ${why}`;
}

/** What a request is about. */
function requestText(row: Row | undefined, who: string): string {
  if (row?.kind === 'question') return trans.__('%1 asks: %2', who, oneLine(row.question, 200));
  if (row?.kind !== 'tool') return trans.__('%1 is waiting for your decision.', who);
  const { verb, object } = toolTitle(row.name, row.arguments, 'wanted');
  return trans.__('%1 waits for your approval: %2.', who, `${verb} ${object}`);
}
