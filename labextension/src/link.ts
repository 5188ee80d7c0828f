/** A step of a run, as an address names it. */
export interface Step {
  readonly taskId: string;
  /** The `seq` of the step's event; 0 for the run as a whole. */
  readonly seq: number;
}

const RUN = 'agentkit-run';
const STEP = 'step';

/** The address of a step: that of the page, with the step behind the `#`. */
export function stepLink({ taskId, seq }: Step, page: string): string {
  const url = new URL(page);
  // What a page was opened with, such as a reset or a token, is nobody else's.
  url.search = '';
  url.hash = `${new URLSearchParams({ [RUN]: taskId, ...(seq > 0 ? { [STEP]: `${seq}` } : {}) })}`;
  return url.href;
}

/** The step that the part of an address behind the `#` names; nothing when it names another thing. */
export function linkedStep(hash: string): Step | undefined {
  const named = new URLSearchParams(hash.replace(/^#/, ''));
  const taskId = named.get(RUN) ?? '';
  const seq = Number(named.get(STEP) ?? 0);
  return taskId === ''
    ? undefined
    : { taskId, seq: Number.isSafeInteger(seq) && seq > 0 ? seq : 0 };
}
