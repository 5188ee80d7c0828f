import { html, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Asks } from './ask';
import { endTemplate, tookMs } from './chrome';
import { Folds, keyOf } from './folds';
import type { LightContent } from './light';
import { lightContent } from './light-content';
import type { RowContext } from './row';
import { rowTemplate } from './rows';
import { type Connection, isFinal, openRequest, type Row, type ViewState } from './state';
import { type Streak, streakTemplate } from './streaks';
import { spentText } from './usage';
import { trans } from './words';

/** What the list shows. */
export interface Listed {
  readonly state: ViewState;
  readonly connection: Connection;
  /** An answer to a request has somebody who takes it. */
  readonly answers: boolean;
}

/** The steps of a run, one below the other. */
export class RowList {
  readonly folds = new Folds();

  constructor(
    private readonly asks: Asks,
    /** Called before what is below a row moves, because the reader folds or unfolds it. */
    private readonly onToggle: () => void,
  ) {}

  template(listed: Listed): TemplateResult {
    const { state } = listed;
    const over = isFinal(state.status) || listed.connection === 'saved';
    return html`<ol class=${state.rows.length > 200 ? 'many' : ''}>
      ${repeat(this.folds.lines(state.rows, over), keyOf, line =>
        'rows' in line ? this.streak(line) : this.row(line, listed),
      )}
      ${endTemplate(state)}
    </ol>`;
  }

  /** What the host has to render for the rows as they were listed last. */
  light({ rows }: ViewState): ReadonlyMap<string, LightContent> {
    return lightContent(rows, this.folds);
  }

  private streak(streak: Streak): TemplateResult {
    return streakTemplate(streak, this.folds.isOpen(streak), () => this.toggle(streak));
  }

  private row(row: Row, { state, connection, answers }: Listed) {
    const open = this.folds.isOpen(row);
    const run = connection === 'saved' && !isFinal(state.status) ? 'interrupted' : state.status;
    const share = shareOf(row, state);
    const usage = state.stepUsage.get(row.step);
    const streak = this.folds.placeOf(row);
    const request = answers ? openRequest(row) : undefined;
    const ask = request === undefined ? undefined : this.asks.of(request);
    return guard([row, open, run, share, ask, usage, streak], () => {
      const context: RowContext = {
        open,
        run,
        share,
        spent: usage === undefined ? '' : trans.__('Step %1: %2', row.step, spentText(usage)),
        streak,
        toggle: () => this.toggle(row),
        asking: request === undefined ? undefined : this.asks.asking(request),
      };
      return rowTemplate(row, context);
    });
  }

  private toggle(line: Row | Streak): void {
    this.folds.toggle(line);
    this.onToggle();
  }
}

/** Which part of the run's time a row took. */
function shareOf(row: Row, state: ViewState): number {
  const whole = tookMs(state) ?? 0;
  const part = row.kind === 'tool' ? (row.result?.durationMs ?? 0) : 0;
  return whole < 2000 ? 0 : Math.min(1, part / whole);
}
