import { edgesOf } from '../view/follow';

/** JupyterLab goes back to the cell that was asked for whenever one changes its height within 3 s. */
export const STILL_MS = 3200;
/** When it measures what is above, it moves the page and puts that right in one of the next frames. */
const FRAMES_OFF = 4;
/** What does not come to rest within this time is let go. */
const WITHIN_MS = 60_000;

/**
 * Leads the reader to a place on a page that goes on moving, until it rests or they act themselves.
 *
 * @param go Goes there, with the focus; gives the element, or nothing when there is none any more.
 * @param reached Told once, when the reader is there.
 * @param signal Aborted when they are to be led to something else.
 */
export async function stay(
  go: () => Promise<HTMLElement | undefined>,
  reached: (element: HTMLElement) => void,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + WITHIN_MS;
  const acts = new AbortController();
  // What they do on the way does not keep them from getting there, but nothing holds them then.
  heedReader(acts);
  let told = false;
  let since = performance.now();
  let off = 0;
  let element = await go();
  while (element !== undefined && !signal.aborted && !acts.signal.aborted && !hasDialog()) {
    const now = performance.now();
    if (now - since > STILL_MS || now > until) break;
    off = isAt(element) ? 0 : off + 1;
    if (off === FRAMES_OFF) {
      element = await go();
      off = 0;
      since = performance.now();
    } else if (off === 0 && !told) {
      told = true;
      reached(element);
    }
    await new Promise(requestAnimationFrame);
  }
  if (!told && element !== undefined && !signal.aborted) reached(element);
  acts.abort();
}

function isAt(element: HTMLElement): boolean {
  const root = element.getRootNode();
  const active = root instanceof ShadowRoot ? root.activeElement : document.activeElement;
  const { top, height } = element.getBoundingClientRect();
  const { upper, lower } = edgesOf(element);
  return element.contains(active) && height > 0 && top >= upper - 1 && top < lower;
}

/** One that has come up keeps the focus. */
function hasDialog(): boolean {
  return document.activeElement?.closest('.jp-Dialog') != null;
}

/** Aborts as soon as the reader does something of their own. */
export function heedReader(acts: AbortController): void {
  const options = { capture: true, passive: true, signal: acts.signal };
  for (const type of ['pointerdown', 'wheel', 'touchstart', 'keydown'])
    window.addEventListener(type, () => acts.abort(), options);
}
