import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Standing } from '../client/feed';
import type { Task } from '../client/task';
import { thousands } from '../view/format';
import { trans } from '../view/words';
import { CHOICES, type Choice, type Group, type GroupName, type RunList } from './list';
import { type RowActions, type RowState, rowTemplate } from './row';

/** What can be done in the panel. */
export interface Actions extends RowActions {
  search(words: string, choice: Choice): void;
  more(name: GroupName): void;
  retry(): void;
  cancelAll(): void;
}

/** What is shown around the rows. */
export interface Shown {
  readonly standing: Standing;
  readonly list: RunList;
  readonly groups: readonly Group[];
  /** Runs that go on, whether they are listed or not. */
  readonly running: number;
  /** What is wrong with the place where runs are stored. */
  readonly problem: string;
  /** Said once, such as why a cancel did not get through. */
  readonly notice: string;
  row(task: Task): RowState;
}

export function panelTemplate(shown: Shown, actions: Actions): TemplateResult {
  return html`
    <div class="jp-SidePanel-header agentkit-runs-header">
      <h2>${trans.__('Agent Runs')}</h2>
      ${
        shown.running === 0
          ? nothing
          : html`<button type="button" class="agentkit-quiet" @click=${() => actions.cancelAll()}>
              ${trans.__('Cancel all')}
            </button>`
      }
    </div>
    ${shown.standing === 'missing' || shown.standing === 'refused' ? nothing : findTemplate(shown, actions)}
    ${linesTemplate(shown)}
    ${contentTemplate(shown, actions)}
  `;
}

function findTemplate({ list }: Shown, actions: Actions): TemplateResult {
  return html`<div class="agentkit-runs-find" role="search">
    <input
      type="search"
      placeholder=${trans.__('Find runs')}
      title=${trans.__('By question, agent or notebook')}
      aria-label=${trans.__('Find runs')}
      maxlength="200"
      spellcheck="false"
      .value=${list.words}
      @input=${(event: Event) => actions.search((event.target as HTMLInputElement).value, list.choice)}
    />
    <select
      aria-label=${trans.__('Show runs in which state')}
      @change=${(event: Event) =>
        actions.search(list.words, (event.target as HTMLSelectElement).value as Choice)}
    >
      ${CHOICES.map(
        choice =>
          html`<option value=${choice} ?selected=${choice === list.choice}>${choiceWord(choice)}</option>`,
      )}
    </select>
  </div>`;
}

function linesTemplate(shown: Shown): TemplateResult {
  const { list, standing } = shown;
  return html`<div class="agentkit-runs-lines" role="status">
    ${standing === 'reconnecting' ? html`<p>${trans.__('Reconnecting to the server…')}</p>` : nothing}
    ${shown.problem === '' ? nothing : html`<p data-warning>${shown.problem}</p>`}
    ${shown.notice === '' ? nothing : html`<p data-problem>${shown.notice}</p>`}
    ${
      list.problem === ''
        ? nothing
        : html`<p data-problem>
            ${list.problem}
            <button type="button" class="agentkit-quiet" @click=${() => void list.retry()}>
              ${trans.__('Try again')}
            </button>
          </p>`
    }
  </div>`;
}

function contentTemplate(shown: Shown, actions: Actions): TemplateResult {
  const { standing, list, groups } = shown;
  if (standing === 'missing') {
    return messageTemplate(
      trans.__('This server does not run agents'),
      trans.__('Enable its extension jupyter_agentkit and restart it.'),
      again(actions),
    );
  }
  if (standing === 'refused') {
    return messageTemplate(
      trans.__('Not allowed'),
      trans.__('The server does not let you see the runs of agents.'),
      again(actions),
    );
  }
  if (groups.length > 0) return gridTemplate(shown, actions);
  if (standing === 'connecting' || standing === 'closed' || list.loading) {
    return messageTemplate('', trans.__('Loading…'));
  }
  if (list.isSearch) {
    return messageTemplate(
      trans.__('No run fits'),
      '',
      html`<button type="button" @click=${() => actions.search('', 'all')}>${trans.__('Show all')}</button>`,
    );
  }
  return messageTemplate(
    trans.__('No runs yet'),
    trans.__('What agents do on this server is listed here, whichever notebook started them.'),
  );
}

function gridTemplate({ groups, list, row }: Shown, actions: Actions): TemplateResult {
  return html`<div class="agentkit-runs-grid" role="grid" aria-label=${trans.__('Agent runs')}>
    ${repeat(
      groups,
      group => group.name,
      group => html`<div class="agentkit-runs-group" role="rowgroup" aria-label=${groupWord(group.name)} data-group=${group.name}>
        <h3 aria-hidden="true">
          ${groupWord(group.name)}
          ${group.name === 'recent' ? nothing : html`<span>${thousands(group.amount)}</span>`}
        </h3>
        ${repeat(
          group.tasks,
          task => task.id,
          task => rowTemplate(task, row(task), actions),
        )}
      </div>
      ${moreTemplate(group, list, actions)}`,
    )}
    ${groups.some(({ name }) => name === 'recent') ? nothing : moreTemplate(NO_RECENT, list, actions)}
  </div>`;
}

const NO_RECENT: Group = { name: 'recent', amount: 0, tasks: [] };

function moreTemplate(
  group: Group,
  list: RunList,
  actions: Actions,
): TemplateResult | typeof nothing {
  const hidden = group.amount - group.tasks.length;
  const older = group.name === 'recent' && list.hasMore;
  if (hidden === 0 && !older) return nothing;
  return html`<div role="rowgroup" class="agentkit-runs-more"><div role="row"><div role="gridcell">
    <button type="button" ?disabled=${list.loading} @click=${() => actions.more(group.name)}>
      ${list.loading ? trans.__('Loading…') : trans.__('Load more')}
    </button>
  </div></div></div>`;
}

function messageTemplate(
  title: string,
  text: string,
  button: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  return html`<div class="agentkit-runs-message">
    ${title === '' ? nothing : html`<h3>${title}</h3>`}
    ${text === '' ? nothing : html`<p>${text}</p>`}
    ${button}
  </div>`;
}

function again(actions: Actions): TemplateResult {
  return html`<button type="button" @click=${() => actions.retry()}>${trans.__('Try again')}</button>`;
}

function groupWord(name: GroupName): string {
  switch (name) {
    case 'waiting':
      return trans.__('Waiting for you');
    case 'running':
      return trans.__('Running');
    case 'recent':
      return trans.__('Recent');
  }
}

function choiceWord(choice: Choice): string {
  switch (choice) {
    case 'all':
      return trans.__('All');
    case 'waiting':
      return trans.__('Waiting for you');
    case 'going on':
      return trans.__('Running');
    case 'done':
      return trans.__('Done');
    case 'failed':
      return trans.__('Failed');
    case 'stopped':
      return trans.__('Stopped');
  }
}
