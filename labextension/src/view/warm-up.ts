import { mount } from './element';
import type { Host } from './source';

/**
 * Shows a small run to nobody, in moments in which the page rests.
 *
 * Whatever is shown first compiles the view, its style sheets and the host's Markdown: the words of a
 * run that streams would wait for that.
 */
export async function warmUp(host: Host): Promise<void> {
  await rest();
  // What fails here says so where a real run is shown.
  await host.renderMarkdown(SAID, document.createElement('div')).catch(() => undefined);
  for (const trace of TRACES) {
    await rest();
    await show(trace, host);
  }
}

const SAID = 'Some **words** of `code` and a [link](#).\n\n- one\n- two\n';

const EVENTS = [
  { event_type: 'run_started', agent: 'a', input: 'b', model: 'c', provider: 'd' },
  { event_type: 'message_delta', message_id: 'm', delta: SAID },
  { event_type: 'message', message_id: 'm', text: SAID },
  { event_type: 'tool_call', tool_call_id: 't', tool_name: 'read_file', arguments: { path: 'e' } },
  { event_type: 'tool_result', tool_call_id: 't', outcome: 'success', content: {}, duration_ms: 1 },
  { event_type: 'usage', input_tokens: 1, output_tokens: 1 },
  { event_type: 'final_answer', text: SAID },
  { event_type: 'run_finished', status: 'completed' },
].map((event, index) => ({ seq: index + 1, step: 1, ts: '2026-01-01T00:00:00Z', ...event }));

/** A run that has only begun, and one that is over: each is a part of the work. */
const TRACES = [EVENTS.slice(0, 2), EVENTS].map(events => ({ version: 1, events }));

async function show(trace: unknown, host: Host): Promise<void> {
  const life = new AbortController();
  const place = document.createElement('div');
  place.hidden = true;
  document.body.append(place);
  try {
    // Only what is in the page is rendered; it is gone again before the page is drawn.
    await mount(place, { trace }, host, { signal: life.signal }).updateComplete;
  } finally {
    life.abort();
    place.remove();
  }
}

function rest(): Promise<void> {
  return new Promise(resolve => {
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve, 200);
  });
}
