import { plainHost } from './host/plain';
import { sharedHost } from './host/shared';
import { mount } from './view/element';
import type { Source } from './view/source';

/** Shows a run beside other widgets, or on a page without the extension. */
export function showRun(el: HTMLElement, source: Source, signal: AbortSignal): void {
  mount(el, source, sharedHost() ?? plainHost, { signal });
}
