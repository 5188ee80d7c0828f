import { Notification } from '@jupyterlab/apputils';
import { trans } from '../view/words';
import type { Board, Notice } from './notices';

/** How long a toast stays that needs no answer, in ms; the notification centre keeps it. */
const STAYS_MS = 8000;

const TYPES = { asks: 'warning', done: 'success', failed: 'error' } as const;

/** JupyterLab's notifications. */
export class LabBoard implements Board {
  /** Key → what JupyterLab calls it. */
  private readonly shown = new Map<string, string>();

  constructor(private readonly show: (notice: Notice) => void) {}

  put(notice: Notice): void {
    const type = TYPES[notice.kind];
    const options: Notification.IOptions<null> = {
      autoClose: notice.kind === 'asks' ? false : STAYS_MS,
      actions: [
        { label: trans.__('Show'), displayType: 'accent', callback: () => this.show(notice) },
      ],
    };
    // In its place: hundreds of runs may end within a second, and each toast that comes and goes moves.
    const id = this.shown.get(notice.key);
    const { message } = notice;
    if (id !== undefined && Notification.update({ id, message, type, ...options })) return;
    this.shown.set(notice.key, Notification.emit(message, type, options));
  }

  take(key: string): void {
    const id = this.shown.get(key);
    if (id !== undefined) Notification.dismiss(id);
    this.shown.delete(key);
  }
}

/** The browser's notifications, for a window that is in the background; where they are wished and allowed. */
export class DesktopBoard implements Board {
  private readonly shown = new Map<string, globalThis.Notification>();

  constructor(
    private readonly wished: () => boolean,
    private readonly show: (notice: Notice) => void,
  ) {}

  put(notice: Notice): void {
    if (!this.wished() || document.hasFocus()) return;
    // Pages without a secure connection have none.
    if (globalThis.Notification?.permission !== 'granted') return;
    const shown = new globalThis.Notification(document.title, {
      body: notice.message,
      tag: `agentkit ${notice.key}`,
    });
    shown.onclick = () => {
      window.focus();
      shown.close();
      this.show(notice);
    };
    this.shown.set(notice.key, shown);
  }

  take(key: string): void {
    this.shown.get(key)?.close();
    this.shown.delete(key);
  }
}
