import type { Host } from '../view/source';

/** Where the extension leaves its renderers for the widget, which is loaded apart from it. */
const KEY = Symbol.for('jupyter-agentkit.host');

type Page = typeof globalThis & { [KEY]?: Host };

export function shareHost(host: Host): void {
  (globalThis as Page)[KEY] = host;
}

/** The renderers of the JupyterLab that this page is, if it is one with the extension. */
export function sharedHost(): Host | undefined {
  return (globalThis as Page)[KEY];
}
