import type { Answer, Listener, Source, Undone } from '../view/source';
import { KernelSource } from './kernel';
import { whenOffered } from './kernels';
import type { ServedSource } from './served';

/** A kernel's widgets are on the page soon after its outputs, if they come at all. */
const KERNEL_WITHIN_MS = 1500;

/**
 * A run of this page's server, or else of a kernel that runs it by itself.
 *
 * Where neither knows the run, what is saved of it is all there is.
 */
export class AnywhereSource implements Source {
  private current: Source;

  constructor(
    private readonly taskId: string,
    private readonly server: ServedSource,
  ) {
    this.current = server;
  }

  get trace(): unknown {
    return this.server.trace;
  }

  subscribe(listener: Listener, signal: AbortSignal): void {
    this.server.subscribe?.(
      {
        attached: (...told) => listener.attached(...told),
        events: events => listener.events(events),
        result: result => listener.result(result),
        refused: message => listener.refused(message),
        connection: connection => {
          if (connection === 'saved') this.askKernel(listener, signal);
          else listener.connection(connection);
        },
      },
      signal,
    );
  }

  async cancel(): Promise<void> {
    await this.current.cancel?.();
  }

  async answer(requestId: string, answer: Answer): Promise<void> {
    await this.current.answer?.(requestId, answer);
  }

  /** Of what the server knows alone: a kernel's own runs have nobody who could go on with them. */
  async reachable(): Promise<boolean> {
    return this.current === this.server && this.server.reachable();
  }

  undo(): Promise<Undone> {
    return this.server.undo();
  }

  followUp(input: string): Promise<Source> {
    return this.server.followUp(input);
  }

  resume(): Promise<Source> {
    return this.server.resume();
  }

  followed(trace: unknown): Source {
    return this.server.followed(trace);
  }

  private askKernel(listener: Listener, signal: AbortSignal): void {
    const patience = setTimeout(() => listener.connection('saved'), KERNEL_WITHIN_MS);
    signal.addEventListener('abort', () => clearTimeout(patience), { once: true });
    whenOffered(
      this.taskId,
      model => {
        clearTimeout(patience);
        this.current = new KernelSource(model);
        this.current.subscribe?.(listener, signal);
      },
      signal,
    );
  }
}
