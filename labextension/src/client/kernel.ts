import type { Answer, Listener, Source } from '../view/source';
import { fields, list, text } from '../view/state/read';
import { FrameReader, type Verdict } from './reader';

/** A lost last frame has no later one that would show the gap, so silence is asked about. */
const SILENT_AFTER_MS = 10_000;
const ENDS: ReadonlySet<Verdict> = new Set(['over', 'unknown task', 'refused']);

/** The part of an anywidget model that the relay needs. */
export interface KernelModel {
  send(content: unknown): void;
  on(event: 'msg:custom' | 'comm_live_update', callback: (content: unknown) => void): void;
  off(event: 'msg:custom' | 'comm_live_update', callback: (content: unknown) => void): void;
}

/**
 * A run, watched through its kernel: for pages that cannot reach the server themselves.
 *
 * The kernel's way to the page may drop messages, so a gap is asked for again.
 */
export class KernelSource implements Source {
  constructor(
    private readonly model: KernelModel,
    readonly trace: unknown = undefined,
  ) {}

  subscribe(listener: Listener, signal: AbortSignal): void {
    const reader = new FrameReader(listener, 0);
    let asked = false;
    let heardAt = Date.now();

    let lost: ReturnType<typeof setTimeout> | undefined;

    const attach = (): void => {
      asked = true;
      heardAt = Date.now();
      try {
        this.model.send({ type: 'attach', after: reader.last });
      } catch {
        // The way to the kernel is closed; whether it opens again is told by `comm_live_update`.
      }
    };
    const hear = (content: unknown): void => {
      const message = fields(content);
      if (message.type !== 'frames') return;
      heardAt = Date.now();
      for (const frame of list(message.frames)) {
        // Until the kernel has heard the last `attach`, what arrives is the rest of the one before.
        if (asked && !['connected', 'error'].includes(text(fields(frame).type))) continue;
        asked = false;
        clearTimeout(lost);
        const verdict = reader.read(frame);
        if (verdict === 'gap') attach();
        if (verdict === 'unknown task' || verdict === 'refused') listener.connection('saved');
        if (ENDS.has(verdict)) stop();
      }
    };
    // The line broke, or the kernel was restarted and the run is gone with it: an answer tells.
    const broke = (): void => {
      listener.connection('reconnecting');
      attach();
      clearTimeout(lost);
      lost = setTimeout(() => listener.connection('saved'), SILENT_AFTER_MS);
    };
    const watchdog = setInterval(() => {
      if (Date.now() - heardAt > SILENT_AFTER_MS) attach();
    }, SILENT_AFTER_MS / 2);
    const stop = (): void => {
      clearInterval(watchdog);
      clearTimeout(lost);
      this.model.off('msg:custom', hear);
      this.model.off('comm_live_update', broke);
    };

    this.model.on('msg:custom', hear);
    this.model.on('comm_live_update', broke);
    signal.addEventListener('abort', stop, { once: true });
    listener.connection('reconnecting');
    attach();
  }

  async cancel(): Promise<void> {
    this.model.send({ type: 'cancel' });
  }

  async answer(request_id: string, answer: Answer): Promise<void> {
    this.model.send({ type: 'answer', request_id, ...answer });
  }
}
