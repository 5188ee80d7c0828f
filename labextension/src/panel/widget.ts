import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { render } from 'lit';
import { isOver, type Task } from '../client/task';
import { runIcon } from '../icon';
import type { IRuns } from '../runs';
import { oneLine } from '../view/row/titles';
import { tick } from '../view/ticks';
import { trans } from '../view/words';
import { moveFocus } from './keys';
import { RunList } from './list';
import { type Actions, panelTemplate } from './template';

/** The side panel: all runs of the server, what waits for somebody first. */
export class RunsPanel extends Widget {
  private readonly list = new RunList(this.runs, () => this.update());
  private active = '';
  private notice = '';
  private standing = this.runs.standing;
  private readonly stopping = new Set<string>();
  private readonly resuming = new Set<string>();
  private readonly sending = new Set<string>();
  private ticker: ReturnType<typeof setInterval> | undefined;

  /** @param goTo Brings somebody to a run. */
  constructor(
    private readonly runs: IRuns,
    private readonly goTo: (task: Task) => void,
  ) {
    super();
    this.id = 'agentkit-runs';
    this.addClass('jp-SidePanel');
    this.addClass('agentkit-runs');
    this.title.icon = runIcon;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Agent Runs'));
    this.tell();
    runs.changed.connect(this.onChanged, this);
    this.node.addEventListener('keydown', event => this.onKey(event));
    this.node.addEventListener('focusin', event => this.onFocus(event));
  }

  /** Puts the focus to the run that was looked at last. */
  protected override onActivateRequest(_: Message): void {
    const row = this.node.querySelector<HTMLElement>('[data-task-id][tabindex="0"]');
    (row ?? this.node.querySelector<HTMLElement>('input, button'))?.focus();
  }

  protected override onAfterShow(_: Message): void {
    this.wake();
  }

  protected override onAfterAttach(_: Message): void {
    if (this.isVisible) this.wake();
  }

  protected override onAfterHide(_: Message): void {
    clearInterval(this.ticker);
  }

  protected override onBeforeDetach(_: Message): void {
    clearInterval(this.ticker);
  }

  override dispose(): void {
    this.runs.changed.disconnect(this.onChanged, this);
    super.dispose();
  }

  protected override onUpdateRequest(_: Message): void {
    if (!this.isVisible) return;
    const groups = this.list.groups();
    const rows = groups.flatMap(group => group.tasks);
    if (!rows.some(task => task.id === this.active)) this.active = rows[0]?.id ?? '';
    const held = this.node.contains(document.activeElement);
    render(
      panelTemplate(
        {
          standing: this.runs.standing,
          list: this.list,
          groups,
          running: this.running().length,
          problem: this.runs.problem,
          notice: this.notice,
          row: task => ({
            active: task.id === this.active,
            stopping: this.stopping.has(task.id),
            resumable: this.list.isResumable(task),
            resuming: this.resuming.has(task.id),
            sending: this.sending,
            now: this.runs.now,
          }),
        },
        this.actions,
      ),
      this.node,
    );
    tick(this.node, this.runs.now);
    // A row that goes to another group is made anew there.
    if (held && !this.node.contains(document.activeElement)) this.rowOf(this.active)?.focus();
  }

  private readonly actions: Actions = {
    search: (words, choice) => this.list.search(words, choice),
    more: name => void this.list.more(name),
    retry: () => this.runs.retry(),
    cancelAll: () => void this.cancelAll(),
    show: task => this.goTo(task),
    cancel: task => this.cancel(task),
    resume: task => void this.resume(task),
    decide: (task, ask, decision) => {
      this.sending.add(ask.id);
      void this.attempt(() => this.runs.decide(task.id, ask.id, decision)).finally(() => {
        this.sending.delete(ask.id);
        this.update();
      });
    },
  };

  /** Cancels a run, and says so until it has ended. */
  cancel(task: Task): void {
    this.stopping.add(task.id);
    void this.attempt(async () => {
      try {
        await this.runs.cancel(task.id);
      } catch (error) {
        this.stopping.delete(task.id);
        throw error;
      }
    });
  }

  /** Takes on a run that ended without an answer, unless that is being done. */
  async resume(task: Task): Promise<void> {
    if (this.resuming.has(task.id)) return;
    this.resuming.add(task.id);
    const row = this.rowOf(task.id);
    // The button goes, and must not take the focus along.
    if (row?.contains(document.activeElement)) row.focus();
    await this.attempt(() => this.runs.resume(task.id));
    this.resuming.delete(task.id);
    this.update();
  }

  isResumable(task: Task): boolean {
    return this.list.isResumable(task);
  }

  /** Deletes a finished run once somebody has confirmed it. */
  async remove(task: Task): Promise<void> {
    const { button } = await showDialog({
      title: trans.__('Delete this run?'),
      body: trans.__(
        '“%1” is forgotten by the server. What notebooks hold of it stays.',
        oneLine(task.input, 200),
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Keep') }),
        Dialog.warnButton({ label: trans.__('Delete') }),
      ],
    });
    if (button.accept) await this.attempt(() => this.runs.remove(task.id));
  }

  /** Cancels all runs; more than one only once somebody has confirmed it. */
  async cancelAll(): Promise<void> {
    const { length } = this.running();
    if (length > 1 && !(await confirmCancel(length))) return;
    for (const task of this.running()) this.stopping.add(task.id);
    await this.attempt(async () => {
      try {
        await this.runs.cancelAll();
      } catch (error) {
        this.stopping.clear(); // some go on, and which the server does not say
        throw error;
      }
    });
  }

  private running(): Task[] {
    return this.runs.tasks.filter(task => !isOver(task));
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    this.notice = '';
    this.update();
    try {
      await act();
    } catch (error) {
      this.notice = error instanceof Error ? error.message : String(error);
    }
    this.update();
  }

  private wake(): void {
    this.runs.open();
    clearInterval(this.ticker);
    this.ticker = setInterval(() => tick(this.node, this.runs.now), 1000);
    this.update();
  }

  private onChanged(): void {
    if (this.standing !== this.runs.standing) {
      this.standing = this.runs.standing;
      this.notice = ''; // what the line got in the way of
    }
    for (const id of this.stopping) {
      const task = this.runs.task(id);
      if (task === undefined || isOver(task)) this.stopping.delete(id);
    }
    this.tell();
    this.update();
  }

  /** What the icon in the side bar says: how many requests wait. */
  private tell(): void {
    const waiting = this.running().reduce((sum, task) => sum + task.asks.length, 0);
    const told =
      waiting === 0
        ? ''
        : trans._n('%2 request waits for you', '%2 requests wait for you', waiting, waiting);
    this.title.caption = [trans.__('Agent Runs'), told].filter(part => part !== '').join(': ');
    this.title.dataset = {
      id: this.id,
      ...(waiting === 0 ? {} : { 'agentkit-waiting': waiting > 9 ? '9+' : String(waiting) }),
    };
  }

  private rowOf(taskId: string): HTMLElement | undefined {
    const rows = this.node.querySelectorAll<HTMLElement>('[data-task-id]');
    return [...rows].find(row => row.dataset.taskId === taskId);
  }

  private onFocus(event: FocusEvent): void {
    const row = (event.target as Element).closest<HTMLElement>('[data-task-id]');
    if (row?.dataset.taskId === undefined || row.dataset.taskId === this.active) return;
    this.active = row.dataset.taskId;
    this.update();
  }

  private onKey(event: KeyboardEvent): void {
    const at = event.target as HTMLElement;
    if (at.matches('input') && event.key === 'ArrowDown') {
      this.rowOf(this.active)?.focus();
    } else if (at.matches('input') && event.key === 'Escape') {
      this.list.search('', this.list.choice);
    } else if (!moveFocus(this.node, event) && !this.actOn(at, event.key)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private actOn(row: HTMLElement, key: string): boolean {
    const task = this.taskOf(row.dataset.taskId);
    if (task === undefined) return false;
    if (key === 'Enter' || key === ' ') this.goTo(task);
    else if (key !== 'Delete') return false;
    else if (isOver(task)) void this.remove(task);
    else void confirmCancel(1).then(sure => sure && this.cancel(task));
    return true;
  }

  /** A run that is listed. */
  taskOf(taskId: string | undefined): Task | undefined {
    const rows = this.list.groups().flatMap(group => group.tasks);
    return rows.find(task => task.id === taskId);
  }
}

async function confirmCancel(amount: number): Promise<boolean> {
  const { button } = await showDialog({
    title: trans._n('Cancel this run?', 'Cancel all %2 runs?', amount, amount),
    body: trans._n('It stops where it is.', 'They stop where they are.', amount),
    buttons: [
      Dialog.cancelButton({ label: trans._n('Let it run', 'Let them run', amount) }),
      Dialog.warnButton({ label: trans._n('Cancel run', 'Cancel %2 runs', amount, amount) }),
    ],
  });
  return button.accept;
}
