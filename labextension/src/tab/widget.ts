import { MainAreaWidget } from '@jupyterlab/apputils';
import type { Address } from '../client/address';
import { AnywhereSource } from '../client/anywhere';
import { TaskApi } from '../client/api';
import { ServedSource } from '../client/served';
import { runIcon } from '../icon';
import { RunPage } from '../run-page';
import { TRACE_TYPE } from '../trace-type';
import { mount } from '../view/element';
import { oneLine } from '../view/row/titles';
import type { Host } from '../view/source';
import { type Fields, fields, text, time } from '../view/state/read';
import { trans } from '../view/words';

/** What a run's tab shows it with. */
export interface RunPlace {
  readonly address: Address;
  readonly host: Host;
  /** The run's document where some open notebook has it. */
  traceOf(taskId: string): unknown;
}

/** A run, live or over, in a tab of its own. */
export class RunTab extends MainAreaWidget<RunPage> {
  private readonly life = new AbortController();

  constructor(
    readonly taskId: string,
    private readonly place: RunPlace,
  ) {
    super({ content: new RunPage() });
    this.id = `agentkit-run-${taskId}`;
    // What can be done with a run stands in the run's own bar.
    this.toolbar.hide();
    this.title.icon = runIcon;
    this.title.closable = true;
    this.name({});
    void this.open();
  }

  override dispose(): void {
    this.life.abort();
    super.dispose();
  }

  private async open(): Promise<void> {
    const api = new TaskApi(this.place.address, this.taskId);
    const saved = this.place.traceOf(this.taskId);
    // A server that cannot be reached now may be later: the view goes on asking.
    const known = await api.summary().catch(() => ({}) as Fields);
    if (this.isDisposed) return;
    const summary = known ?? fields(saved);
    this.name(summary);
    if (known === undefined && saved === undefined) {
      this.tell(trans.__('The server does not know this run any more: it was deleted.'));
      return;
    }
    const trace = saved ?? (await this.trace(api, summary));
    if (this.isDisposed) return;
    const source = new AnywhereSource(this.taskId, new ServedSource(api, trace));
    mount(this.content.node, source, this.place.host, { signal: this.life.signal });
  }

  /** Of a run that is over all of it, with what followed it up; of any other what its view begins with. */
  private async trace(api: TaskApi, { agent, input, finished_at }: Fields): Promise<unknown> {
    const begun = { task_id: this.taskId, agent, input };
    if (time(finished_at) === undefined) return begun;
    const bundle = fields(await api.bundle().catch(() => undefined));
    return fields(bundle.data)[TRACE_TYPE] ?? begun;
  }

  private name(task: Fields): void {
    const agent = text(task.agent) || trans.__('Agent');
    const question = oneLine(text(task.input), 300);
    this.title.label = question === '' ? agent : `${agent}: ${oneLine(question, 40)}`;
    this.title.caption = question === '' ? agent : `${agent}: ${question}`;
  }

  private tell(sentence: string): void {
    const told = document.createElement('p');
    told.className = 'agentkit-told';
    told.setAttribute('role', 'alert');
    told.textContent = sentence;
    this.content.node.replaceChildren(told);
  }
}
