import { html, nothing, type TemplateResult } from 'lit';
import { clock, date, duration, thousands } from './format';
import { ICONS, type IconName } from './icons';
import { longText } from './row/long-text';
import {
  type Connection,
  isFinal,
  type LeftOut,
  type Status,
  stepsOf,
  type ViewState,
} from './state/state';
import { costText, spentText, tokensText } from './state/usage';
import { trans } from './words';

/** What the frame around the rows needs to know beyond the run itself. */
export interface Frame {
  readonly connection: Connection;
  /** A connection was up before. */
  readonly wasLive: boolean;
  readonly stopping: boolean;
  /** Said once, such as why Cancel did not get through. */
  readonly notice: string;
  readonly cancel: (() => void) | undefined;
  readonly undo: TemplateResult | typeof nothing;
  readonly tools: TemplateResult | typeof nothing;
  /** It stands below the run that it follows. */
  readonly follows: boolean;
  readonly questionOpen: boolean;
  toggleQuestion(): void;
}

const LONG_QUESTION = 240;

export function headerTemplate(state: ViewState, frame: Frame): TemplateResult {
  const { icon, tone, word } = standing(state, frame);
  const over = isFinal(state.status);
  const goes = !over && frame.connection === 'live' && state.startedAt !== undefined;
  const took = tookMs(state);
  const time = goes
    ? html`<span class="item" data-since=${state.startedAt}></span>`
    : item(took === undefined ? '' : duration(took));
  const resumed = isResumed(state, frame.follows);
  const begins = {
    type: state.startedAt === undefined ? nothing : 'run_started',
    seq: state.startedAt === undefined ? nothing : 1,
  };
  const long = state.input.length > LONG_QUESTION || state.input.split('\n').length > 4;
  return html`<header role="presentation" class="top" data-tone=${tone} ?data-pulse=${tone === 'running' && state.unfinished.size === 0}>
    <span class="icon">${ICONS[icon]}</span>
    <div class="facts">
      <span class="agent">${state.agent || trans.__('Agent')}</span>
      ${state.simulated ? chip() : nothing}
      ${resumed ? html`<span class="item" data-event-type=${begins.type} data-seq=${begins.seq}>${trans.__('Resumed')}</span>` : nothing}
      <span class="item word">${word}</span>
      ${time}
      ${over ? nothing : [item(stepsText(state)), item(tokensText(state.usage), spentText(state.usage))]}
      ${over ? nothing : item(modelOf(state))}
      ${frame.connection === 'saved' && !frame.wasLive ? item(savedText(state)) : nothing}
    </div>
    <div class="actions">
      ${frame.tools} ${over ? nothing : frame.undo}
      ${
        frame.cancel === undefined
          ? nothing
          : html`<button type="button" class="outlined small" ?disabled=${frame.stopping} @click=${() => frame.cancel?.()}>
              ${frame.stopping ? trans.__('Stopping…') : trans.__('Cancel')}
            </button>`
      }
    </div>
    ${
      state.input === '' || resumed
        ? nothing
        : html`<div class="question" data-event-type=${begins.type} data-seq=${begins.seq}>
            <p class=${long && !frame.questionOpen ? 'cut' : ''}>${longText(state.input)}</p>
            ${
              long
                ? html`<button type="button" class="quiet" @click=${() => frame.toggleQuestion()}>
                    ${frame.questionOpen ? trans.__('Show less') : trans.__('Show all')}
                  </button>`
                : nothing
            }
          </div>`
    }
    ${state.leftOut === undefined ? nothing : html`<p class="notice">${leftOutText(state.leftOut)}</p>`}
    ${state.laterVersion === undefined ? nothing : html`<p class="notice">${laterText(state.laterVersion)}</p>`}
    ${frame.notice === '' ? nothing : html`<p class="notice">${frame.notice}</p>`}
  </header>`;
}

/** A run that takes on the one above it: the question stands there. */
function isResumed(state: ViewState, follows: boolean): boolean {
  return state.resumes !== '' && follows;
}

/** The question as it stands above the steps. */
export function questionOf(state: ViewState, follows: boolean): string {
  return isResumed(state, follows) ? '' : state.input;
}

function laterText(version: number): string {
  return trans.__(
    'Written by a later version (%1): shown as far as it is understood',
    String(version),
  );
}

function leftOutText({ steps, answer, followUps }: LeftOut): string {
  const parts = [
    steps > 0 ? trans._n('%1 step', '%1 steps', steps) : '',
    answer ? trans.__('the answer') : '',
    followUps > 0 ? trans._n('%1 follow-up', '%1 follow-ups', followUps) : '',
  ];
  const said = parts.filter(part => part !== '').join(', ');
  return trans.__('Left out by whoever shared this: %1', said);
}

/** How a run ended that did not end with an answer. */
export function endTemplate(state: ViewState): TemplateResult | typeof nothing {
  const { status, error } = state;
  if (status !== 'failed' && status !== 'cancelled' && status !== 'interrupted') return nothing;
  const took = tookMs(state);
  const at = state.finishedAt;
  const [first = '', ...rest] = (error?.message ?? '').trim().split('\n');
  const title = {
    failed: first || trans.__('The run failed'),
    cancelled:
      took === undefined
        ? trans.__('Stopped by you')
        : trans.__('Stopped by you · %1', duration(took)),
    interrupted:
      at === undefined
        ? trans.__('The server stopped')
        : trans.__('The server stopped · %1', clock(at)),
  }[status];
  // That the server stopped is what the title says already.
  const stopped = error?.reason === 'server_stopped';
  const more = {
    failed: rest.join('\n'),
    cancelled: '',
    interrupted: stopped ? '' : (error?.message ?? ''),
  }[status];
  return html`<li
    class="row end"
    data-event-type="run_finished"
    data-seq=${state.endSeq}
    data-state=${status}
  >
    <div class="head">
      <span class="icon">${ICONS[status]}</span>
      <span class="title">${title}</span>
    </div>
    ${more === '' ? nothing : html`<p class="under problem">${longText(more)}</p>`}
  </li>`;
}

/** Steps · time · tokens · cost · model; there from the moment the run is over. */
export function footerTemplate(
  state: ViewState,
  undo: TemplateResult | typeof nothing,
): TemplateResult | typeof nothing {
  if (!isFinal(state.status)) return nothing;
  const took = tookMs(state);
  const ends = state.status === 'completed' && state.endSeq > 0;
  return html`<div class="bottom"><footer
    role="presentation"
    data-event-type=${ends ? 'run_finished' : nothing}
    data-seq=${ends ? state.endSeq : nothing}
  >
    ${item(stepsText(state))} ${item(took === undefined ? '' : duration(took))}
    ${item(tokensText(state.usage), spentText(state.usage))} ${item(costText(state.usage))}
    ${item(modelOf(state))} ${state.simulated ? chip() : nothing}
  </footer>${undo}</div>`;
}

interface Standing {
  readonly icon: IconName;
  readonly tone: string;
  readonly word: string;
}

function standing(state: ViewState, frame: Frame): Standing {
  const { status } = state;
  if (!isFinal(status)) {
    if (frame.connection === 'saved')
      return { icon: 'interrupted', tone: 'quiet', word: trans.__('Saved before it ended') };
    if (frame.connection === 'reconnecting') {
      return {
        icon: 'reconnecting',
        tone: 'quiet',
        word: frame.wasLive ? trans.__('Reconnecting…') : trans.__('Connecting…'),
      };
    }
    if (frame.stopping) return { icon: 'running', tone: 'running', word: trans.__('Stopping…') };
  }
  return standingOf(status);
}

/** How a state is shown. */
export function standingOf(status: Status): Standing {
  switch (status) {
    case 'queued':
      return { icon: 'queued', tone: 'quiet', word: trans.__('Waiting for a free place') };
    case 'running':
      return { icon: 'running', tone: 'running', word: trans.__('Running') };
    case 'input_required':
      return { icon: 'approval', tone: 'waiting', word: trans.__('Waiting for you') };
    case 'completed':
      return { icon: 'completed', tone: 'completed', word: trans.__('Done') };
    case 'failed':
      return { icon: 'failed', tone: 'failed', word: trans.__('Failed') };
    case 'cancelled':
      return { icon: 'cancelled', tone: 'quiet', word: trans.__('Stopped') };
    case 'interrupted':
      return { icon: 'interrupted', tone: 'quiet', word: trans.__('Interrupted') };
  }
}

function stepsText(state: ViewState): string {
  const steps = stepsOf(state);
  if (steps === 0) return '';
  return trans._n('%2 step', '%2 steps', steps, thousands(steps));
}

function savedText(state: ViewState): string {
  const at = state.finishedAt ?? state.lastTime ?? state.startedAt;
  return at === undefined ? trans.__('Saved run') : trans.__('Saved run, %1', date(at));
}

export function tookMs(state: ViewState): number | undefined {
  if (!isFinal(state.status)) return undefined;
  if (state.startedAt !== undefined && state.finishedAt !== undefined)
    return state.finishedAt - state.startedAt;
  return state.durationMs;
}

function modelOf({ model, provider }: ViewState): string {
  if (model === '' || provider === '') return model || provider;
  return model === provider || model.startsWith(`${provider}:`) ? model : `${provider}:${model}`;
}

function item(content: string, more = ''): TemplateResult | typeof nothing {
  if (content === '') return nothing;
  return html`<span class="item" title=${more || nothing}>${content}</span>`;
}

function chip(): TemplateResult {
  const why = trans.__('No model was asked: this run follows fixed rules');
  return html`<span class="chip" title=${why}>${trans.__('Simulated')}</span>`;
}
