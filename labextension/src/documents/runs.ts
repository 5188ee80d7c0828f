import { html, nothing, render, type TemplateResult } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { mount } from '../view/element';
import { oneLine } from '../view/row/titles';
import type { Host } from '../view/source';
import { type Fields, text } from '../view/state/read';
import { trans } from '../view/words';
import { readFile, type Saved, Unreadable } from './file';

/** Shows what a file of runs holds: its run, the runs to choose from, or why there is none. */
export class SavedRuns {
  private saved: Saved = { runs: [], notice: '' };
  private problem = '';
  private chosen = 0;
  private life = new AbortController();
  private readonly place = createRef<HTMLElement>();

  /**
   * @param node What is filled.
   * @param openAsText Opens the file as text.
   */
  constructor(
    private readonly node: HTMLElement,
    private readonly host: Host,
    private readonly openAsText: () => void,
  ) {}

  /** Shows this content from here on. */
  show(content: string): void {
    this.problem = '';
    try {
      this.saved = readFile(content);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.saved = { runs: [], notice: '' };
      this.problem = error.message;
    }
    this.chosen = Math.min(this.chosen, Math.max(0, this.saved.runs.length - 1));
    this.draw();
  }

  dispose(): void {
    this.life.abort();
  }

  private draw(): void {
    const { runs, notice } = this.saved;
    render(
      html`
        ${this.problem === '' ? nothing : this.told(this.problem, 'alert')}
        ${notice === '' ? nothing : this.told(notice, 'note')}
        <div class="agentkit-saved" data-many=${runs.length > 1 ? '' : nothing}>
          ${runs.length > 1 ? this.choices(runs) : nothing}
          <div class="agentkit-saved-run" ${ref(this.place)}></div>
        </div>
      `,
      this.node,
    );
    this.life.abort();
    this.life = new AbortController();
    const run = runs[this.chosen];
    const place = this.place.value;
    if (place === undefined) return;
    place.replaceChildren();
    if (run === undefined) return;
    mount(place, { trace: run }, this.host, { signal: this.life.signal });
  }

  private told(sentence: string, role: string): TemplateResult {
    return html`<div class="agentkit-told" role=${role}>
      <p>${sentence}</p>
      <button type="button" class="jp-mod-styled" @click=${this.openAsText}>
        ${trans.__('Open as Text')}
      </button>
    </div>`;
  }

  private choices(runs: readonly Fields[]): TemplateResult {
    return html`<nav aria-label=${trans.__('Runs in this file')}>
      <ol>
        ${runs.map(
          (run, index) => html`<li>
            <button
              type="button"
              aria-current=${index === this.chosen ? 'true' : nothing}
              @click=${() => this.choose(index)}
            >
              <span
                ><b dir="auto">${oneLine(text(run.agent), 40) || trans.__('Agent')}</b>
                ${oneLine(text(run.input), 160)}</span
              >
            </button>
          </li>`,
        )}
      </ol>
    </nav>`;
  }

  private choose(index: number): void {
    if (index === this.chosen) return;
    this.chosen = index;
    this.draw();
  }
}
