import { html, nothing, type TemplateResult } from 'lit';
import { isOver, type Task, type TaskAsk } from '../client/task';
import { standingOf } from '../view/chrome';
import { date, duration, moment } from '../view/format';
import { ICONS } from '../view/icons';
import { plainlySeen } from '../view/row/arguments';
import { oneLine, toolTitle } from '../view/row/titles';
import { costText, spentText, tokensText } from '../view/state/usage';
import { trans } from '../view/words';
import { notebookName } from './list';

/** What can be done with the rows. */
export interface RowActions {
  show(task: Task): void;
  cancel(task: Task): void;
  resume(task: Task): void;
  decide(task: Task, ask: TaskAsk, decision: 'approve' | 'deny'): void;
}

/** How a row stands beside its task. */
export interface RowState {
  /** It takes the focus when somebody comes by keyboard. */
  readonly active: boolean;
  readonly stopping: boolean;
  /** It ended without an answer, and its conversation has not gone on. */
  readonly resumable: boolean;
  readonly resuming: boolean;
  /** Requests whose answer is on its way. */
  readonly sending: ReadonlySet<string>;
  /** The server's clock. */
  readonly now: number;
}

const LONG = 300;

export function rowTemplate(task: Task, state: RowState, actions: RowActions): TemplateResult {
  const over = isOver(task);
  const { icon, tone, word } = standingOf(task.status);
  const said = state.stopping ? trans.__('Stopping…') : word;
  // What its group is called already.
  const grouped = !over && !state.stopping && task.status !== 'queued';
  const tab = state.active ? 0 : -1;
  return html`<div
    class="agentkit-run"
    role="row"
    tabindex=${tab}
    data-task-id=${task.id}
    data-status=${task.status}
    title=${tip(task)}
    @click=${() => actions.show(task)}
  >
    <div class="agentkit-run-main" role="gridcell">
      <span class="agentkit-run-icon" data-tone=${tone} role="img" aria-label=${said}>${ICONS[icon]}</span>
      <span class="agentkit-run-question">${questionOf(task)}</span>
      <span class="agentkit-run-time">${timeTemplate(task, state.now)}</span>
      <span class="agentkit-run-facts">
        ${facts(task, grouped ? '' : said).map(fact => html`<span>${fact}</span>`)}
      </span>
      ${problemTemplate(task)}
    </div>
    ${actTemplate(task, state, actions)}
    ${task.asks.map(ask => askTemplate(task, ask, state, actions))}
  </div>`;
}

/** What can be done with the run itself. */
function actTemplate(
  task: Task,
  { active, stopping, resumable, resuming }: RowState,
  actions: RowActions,
): TemplateResult | typeof nothing {
  const tab = active ? 0 : -1;
  if (!isOver(task)) {
    return html`<div class="agentkit-run-actions" role="gridcell">
      <button type="button" tabindex=${tab} ?disabled=${stopping} @click=${stopped(() => actions.cancel(task))}>
        ${trans.__('Cancel')}
      </button>
    </div>`;
  }
  if (!resumable) return nothing;
  return html`<div class="agentkit-run-actions" role="gridcell">
    <button
      type="button"
      tabindex=${tab}
      title=${trans.__('Go on from the last finished step')}
      ?disabled=${resuming}
      @click=${stopped(() => actions.resume(task))}
    >
      ${resuming ? trans.__('Resuming…') : trans.__('Resume')}
    </button>
  </div>`;
}

/** An open request, answered here where all of it can be seen here. */
function askTemplate(
  task: Task,
  ask: TaskAsk,
  state: RowState,
  actions: RowActions,
): TemplateResult {
  const tab = state.active ? 0 : -1;
  const sending = state.sending.has(ask.id);
  const decidable = ask.arguments !== undefined;
  const decide = (decision: 'approve' | 'deny') =>
    stopped(() => actions.decide(task, ask, decision));
  return html`<div class="agentkit-run-ask" role="gridcell">
    ${askedTemplate(ask)}
    <div class="agentkit-run-choices">
      ${
        decidable
          ? html`<button type="button" class="agentkit-primary" tabindex=${tab} ?disabled=${sending} @click=${decide('approve')}>
                ${trans.__('Approve')}
              </button>
              <button type="button" tabindex=${tab} ?disabled=${sending} @click=${decide('deny')}>
                ${trans.__('Deny')}
              </button>`
          : nothing
      }
      <button
        type="button"
        class=${decidable ? 'agentkit-quiet' : 'agentkit-primary'}
        tabindex=${tab}
        @click=${stopped(() => actions.show(task))}
      >
        ${ask.toolName === '' ? trans.__('Answer…') : trans.__('Show')}
      </button>
    </div>
  </div>`;
}

function askedTemplate(ask: TaskAsk): TemplateResult {
  if (ask.toolName === '') return html`<p class="agentkit-run-asked">${ask.question}</p>`;
  const { verb, object, isName } = toolTitle(ask.toolName, ask.arguments ?? {}, 'wanted');
  const given = Object.entries(ask.arguments ?? {});
  return html`<p class="agentkit-run-asked">
      <b>${verb}</b> ${isName ? html`<code>${plainlySeen(object)}</code>` : object}
    </p>
    ${
      given.length === 0
        ? nothing
        : html`<dl>
            ${given.map(
              ([name, value]) =>
                html`<div><dt>${plainlySeen(name)}</dt><dd>${plainlySeen(typeof value === 'string' ? value : written(value))}</dd></div>`,
            )}
          </dl>`
    }`;
}

/** All of it: somebody decides by what is read here. */
function written(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function questionOf(task: Task): string {
  return oneLine(task.input, LONG) || trans.__('No question');
}

function timeTemplate(task: Task, now: number): TemplateResult | string {
  if (isOver(task)) return moment(task.createdAt, now);
  return task.startedAt === undefined ? '' : html`<span data-since=${task.startedAt}></span>`;
}

function facts(task: Task, said: string): string[] {
  const took = tookOf(task);
  return [
    said,
    took === undefined ? '' : duration(took),
    notebookName(task),
    task.agent,
    costText(task.usage) || tokensText(task.usage),
  ].filter(fact => fact !== '');
}

function problemTemplate(task: Task): TemplateResult | typeof nothing {
  if (task.status !== 'failed' || task.error === '') return nothing;
  return html`<span class="agentkit-run-problem">${oneLine(task.error, LONG)}</span>`;
}

function tookOf(task: Task): number | undefined {
  if (task.startedAt === undefined || task.finishedAt === undefined) return undefined;
  return task.finishedAt - task.startedAt;
}

function tip(task: Task): string {
  return [
    questionOf(task),
    task.agent,
    task.place?.path ?? '',
    task.simulated ? trans.__('Simulated') : '',
    spentText(task.usage),
    date(task.createdAt),
  ]
    .filter(line => line !== '')
    .join('\n');
}

/** A click on a button in a row is none on the row. */
function stopped(act: () => void): (event: Event) => void {
  return event => {
    event.stopPropagation();
    act();
  };
}
