/**
 * Decides when to paint: at once while the page is quiet, once a frame under load.
 *
 * Always waiting for a frame would cost a lone event 10 ms; never waiting makes long tasks of a burst.
 */
export class Painter {
  private paintedAt = 0;
  private cancelWait: (() => void) | undefined;

  constructor(private readonly paint: () => void) {}

  request(): void {
    if (this.cancelWait !== undefined) return;
    if (performance.now() - this.paintedAt > QUIET_MS) this.now();
    else this.cancelWait = onNextFrame(() => this.now());
  }

  stop(): void {
    this.cancelWait?.();
    this.cancelWait = undefined;
  }

  private now(): void {
    this.stop();
    this.paint();
    this.paintedAt = performance.now();
  }
}

const QUIET_MS = 20;
const HIDDEN_MS = 250;

/** Calls back at the next frame, or soon in a page that is hidden and has no frames. */
export function onNextFrame(callback: () => void): () => void {
  if (document.visibilityState === 'hidden') {
    const timer = setTimeout(callback, HIDDEN_MS);
    return () => clearTimeout(timer);
  }
  const frame = requestAnimationFrame(callback);
  return () => cancelAnimationFrame(frame);
}

/** Resolves in a task of its own, as soon as the page has done what else there is to do. */
export function nextTask(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
