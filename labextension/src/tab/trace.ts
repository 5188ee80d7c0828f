import type { Opened } from '../notebook/desk';
import { dataIn } from '../notebook/restorer';
import { TRACE_TYPE } from '../trace-type';
import { fields } from '../view/state/read';

/** The document of a run in the outputs of open notebooks. */
export function traceIn(notebooks: Iterable<Opened>, taskId: string): unknown {
  for (const { panel } of notebooks) {
    for (const { model } of panel.isDisposed ? [] : panel.content.widgets) {
      if (model.outputs === undefined) continue;
      for (const data of dataIn(model.outputs)) {
        const trace = fields(data)[TRACE_TYPE];
        if (fields(trace).task_id === taskId) return trace;
      }
    }
  }
  return undefined;
}
