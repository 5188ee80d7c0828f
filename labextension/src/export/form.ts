import { html, nothing, render, type TemplateResult } from 'lit';
import { time } from '../view/format';
import { ICONS } from '../view/icons';
import { oneLine } from '../view/row/titles';
import { trans } from '../view/words';
import {
  belongsToLeftOut,
  detailsOf,
  factsOf,
  iconOf,
  isOut,
  type Manifest,
  type Step,
  standingOf,
  titleOf,
  total,
  totalText,
} from './manifest';

/** What somebody chose to export. */
export interface Choice {
  readonly form: string;
  readonly leaveOut: readonly number[];
}

/** Names that are shown of each kind; the rest is counted. */
const NAMED = 8;

/** What will leave of a run, and what of it shall not. */
export class ExportForm {
  private readonly leftOut = new Set<number>();
  private form: string;

  /**
   * @param node What is filled.
   * @param chosen Called when the form of the file was chosen.
   * @param lookAgain Has the form shown what the run has done since.
   */
  constructor(
    readonly node: HTMLElement,
    private manifest: Manifest,
    private readonly lookAgain: () => void,
    private readonly chosen: () => void = () => undefined,
  ) {
    node.classList.add('agentkit-export');
    this.form = manifest.endings.keys().next().value ?? 'html';
    this.draw();
  }

  get choice(): Choice {
    return { form: this.form, leaveOut: [...this.leftOut] };
  }

  /** What the file is called. */
  get fileName(): string {
    return this.manifest.name + (this.manifest.endings.get(this.form) ?? '');
  }

  /** Shows the run as it was looked at now; what is left out stays so. */
  show(manifest: Manifest): void {
    this.manifest = manifest;
    this.draw();
  }

  private draw(): void {
    const { manifest, leftOut } = this;
    const all = total(manifest, leftOut);
    render(
      html`
        ${manifest.goesOn ? this.goingOn() : nothing}
        <label class="agentkit-export-form">
          <span>${trans.__('Format')}</span>
          <span class="jp-select-wrapper">
            <select class="jp-mod-styled" .value=${this.form} @change=${this.chooseForm}>
              ${[...manifest.endings].map(
                ([form, ending]) =>
                  html`<option value=${form} ?selected=${form === this.form}>
                    ${trans.__('%1 (%2)', formText(form), ending)}
                  </option>`,
              )}
            </select>
          </span>
        </label>
        ${manifest.steps.length === 0 ? nothing : this.steps()}
        <div class="agentkit-export-total">
          <p role="status">${totalText(all)}</p>
          <dl>
            ${names(trans.__('Hosts'), all.hosts)} ${names(trans.__('Files'), all.paths)}
            ${names(trans.__('People'), all.people)}
          </dl>
          <p>
            ${trans.__(
              'The question, how the run ended, its times and tokens are always part of it. The file says how much was left out.',
            )}
          </p>
        </div>
      `,
      this.node,
    );
  }

  private goingOn(): TemplateResult {
    const at = this.manifest.at;
    return html`<div class="agentkit-export-note" role="note">
      <p>
        ${
          at === undefined
            ? trans.__('The run has not ended: this is what it had done so far.')
            : trans.__('The run has not ended: this is what it had done at %1.', time(at))
        }
      </p>
      <button type="button" class="jp-mod-styled" @click=${this.lookAgain}>
        ${trans.__('Look Again')}
      </button>
    </div>`;
  }

  private steps(): TemplateResult {
    const { steps } = this.manifest;
    const out = steps.filter(each => isOut(this.manifest, this.leftOut, each)).length;
    return html`<fieldset>
      <legend>${trans.__('What leaves')}</legend>
      <label class="agentkit-export-all">
        <input
          type="checkbox"
          .checked=${out === 0}
          .indeterminate=${out > 0 && out < steps.length}
          @change=${this.chooseAll}
        />
        <span>${trans.__('Everything')}</span>
      </label>
      <ol>
        ${steps.map(each => html`<li ?data-inner=${each.run > 0 && each.kind !== 'follow_up'}>${this.step(each)}</li>`)}
      </ol>
    </fieldset>`;
  }

  private step(step: Step): TemplateResult {
    const out = isOut(this.manifest, this.leftOut, step);
    const details = oneLine(detailsOf(step), 200);
    const standing = standingOf(step);
    return html`<label ?data-out=${out} data-state=${step.state || nothing}>
      <input
        type="checkbox"
        .checked=${!out}
        ?disabled=${belongsToLeftOut(this.manifest, this.leftOut, step)}
        @change=${() => this.choose(step)}
      />
      <span class="agentkit-export-icon">${ICONS[iconOf(step)]}</span>
      <span class="agentkit-export-title">${oneLine(titleOf(step), 120)}${
        details === '' ? nothing : html`<span> ${details}</span>`
      }</span>
      <span class="agentkit-export-facts">
        ${standing === '' ? nothing : html`<b>${standing}</b> · `}${factsOf(step).join(' · ')}
      </span>
    </label>`;
  }

  private choose(step: Step): void {
    if (!this.leftOut.delete(step.number)) this.leftOut.add(step.number);
    this.draw();
  }

  private readonly chooseAll = (): void => {
    const all = this.leftOut.size === 0;
    this.leftOut.clear();
    if (all) for (const { number } of this.manifest.steps) this.leftOut.add(number);
    this.draw();
  };

  private readonly chooseForm = (event: Event): void => {
    this.form = (event.target as HTMLSelectElement).value;
    this.chosen();
  };
}

function names(what: string, found: readonly string[]): TemplateResult | typeof nothing {
  if (found.length === 0) return nothing;
  const more = found.length - NAMED;
  const shown = found.slice(0, NAMED).map(each => oneLine(each, 80));
  if (more > 0) shown.push(trans._n('%1 more', '%1 more', more));
  return html`<dt>${what}</dt>
    <dd title=${found.join('\n')}>${shown.join(', ')}</dd>`;
}

function formText(form: string): string {
  switch (form) {
    case 'html':
      return trans.__('Web page');
    case 'markdown':
      return trans.__('Markdown');
    case 'json':
      return trans.__('Trace, to be opened again');
    case 'jsonl':
      return trans.__('JSON Lines');
    case 'ipynb':
      return trans.__('Notebook');
    case 'ag-ui':
      return trans.__('AG-UI events');
    case 'otlp':
      return trans.__('OpenTelemetry spans');
    default:
      return form;
  }
}
