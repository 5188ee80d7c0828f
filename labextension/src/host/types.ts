import { textOf } from '../view/row/summary';
import type { Fields } from '../view/state/read';
import { isCalm } from './diagrams';

/** Types whose renderers load nothing but what the sanitiser has seen. */
const PLAIN =
  /^(text\/(plain|html|markdown|latex)|image\/(png|jpeg|gif|webp|bmp|svg\+xml)|application\/json)$/;
/** A result that is a run or a widget could put buttons for something else into this run's trace. */
const OF_JUPYTER = /^application\/vnd\.(jupyter|jupyterlab|agentkit)\./;
/** Names under which charts give what they load, and settings that may do so. */
const LOADING = /^(url|href|src|source|loader|usermeta|__proto__)$/i;
const ADDRESS = /^\s*([a-z][a-z+.-]*:)?[\\/]{2}|^\s*(javascript|data|blob|file):/i;
/** Addresses that are names, or wait for a click. */
const NAMES = ['$schema', 'plotlyServerURL'];

/** What of a result may be given to a renderer of the page, which may be any extension's. */
export function calmTypes(bundle: Fields): Fields {
  return Object.fromEntries(Object.entries(bundle).filter(([type, value]) => mayShow(type, value)));
}

function mayShow(type: string, value: unknown): boolean {
  if (PLAIN.test(type)) return true;
  if (type === 'text/vnd.mermaid') return isCalm(textOf(value));
  if (OF_JUPYTER.test(type) || typeof value !== 'object') return false;
  return holdsItsData(value);
}

/** Whether a chart names no address: its renderer would fetch it, and tell its server what was read. */
function holdsItsData(value: unknown): boolean {
  if (typeof value === 'string') return !ADDRESS.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([name, inner]) => NAMES.includes(name) || (!LOADING.test(name) && holdsItsData(inner)),
  );
}
