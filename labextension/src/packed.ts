import { type Fields, fields, list, text } from './view/state/read';

/** What packed events may become; more is refused, for a small file could ask for any amount of memory. */
const MOST_BYTES = 200_000_000;

/** Whether a saved trace holds its events packed, as notebooks do with the many events of a long run. */
export function isPacked(trace: unknown): boolean {
  return documents(trace).some(each => 'data' in fields(each.events));
}

/** The trace with its events as a list; what cannot be unpacked becomes an event that says so. */
export async function unpacked(trace: unknown): Promise<unknown> {
  if (!isPacked(trace)) return trace;
  const [first, ...later] = await Promise.all(documents(trace).map(withEvents));
  return later.length === 0 ? first : { ...first, follow_ups: later };
}

function documents(trace: unknown): Fields[] {
  return [fields(trace), ...list(fields(trace).follow_ups).map(fields)];
}

async function withEvents(document: Fields): Promise<Fields> {
  const packed = fields(document.events);
  return 'data' in packed ? { ...document, events: await eventsOf(packed) } : document;
}

async function eventsOf(packed: Fields): Promise<readonly unknown[]> {
  try {
    if (packed.encoding !== 'zlib+base64') throw new Error(text(packed.encoding));
    const bytes = Uint8Array.from(atob(text(packed.data)), sign => sign.charCodeAt(0));
    return list(JSON.parse(await inflated(bytes)));
  } catch (error) {
    return [{ event_type: 'unreadable', message: `the packed events are broken: ${error}` }];
  }
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  const parts: string[] = [];
  for (let read = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return parts.join('');
    parts.push(value);
    read += value.length;
    if (read > MOST_BYTES) {
      await reader.cancel();
      throw new Error(`longer than ${MOST_BYTES} characters`);
    }
  }
}
