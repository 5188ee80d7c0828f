import approved from '../../tests/samples/approved.json';
import cancelled from '../../tests/samples/cancelled.json';
import completed from '../../tests/samples/completed.json';
import consent from '../../tests/samples/consent.json';
import denied from '../../tests/samples/denied.json';
import edited from '../../tests/samples/edited.json';
import failed from '../../tests/samples/failed.json';
import followed from '../../tests/samples/followed.json';
import form from '../../tests/samples/form.json';
import hostile from '../../tests/samples/hostile.json';
import interrupted from '../../tests/samples/interrupted.json';
import question from '../../tests/samples/question.json';
import queued from '../../tests/samples/queued.json';
import recovered from '../../tests/samples/recovered.json';
import resumed from '../../tests/samples/resumed.json';
import simulated from '../../tests/samples/simulated.json';
import streamed from '../../tests/samples/streamed.json';
import steps from '../../tests/samples/told/steps.json';
import waiting from '../../tests/samples/waiting.json';

export interface Sample {
  task_id: string;
  agent: string;
  input: string;
  simulated: boolean;
  status: string;
  result: string | null;
  error: { message: string } | null;
  finished_at: string | null;
  events: Record<string, unknown>[];
}

/** The traces that the Python tests read too, by name: each a copy of its own. */
export function sample(name: keyof typeof SAMPLES): Sample {
  return structuredClone(SAMPLES[name]) as Sample;
}

const SAMPLES = {
  approved,
  cancelled,
  completed,
  denied,
  consent,
  edited,
  followed,
  form,
  failed,
  hostile,
  interrupted,
  question,
  queued,
  recovered,
  resumed,
  simulated,
  streamed,
  waiting,
};

/** How many steps people are told that each has. */
export const STEPS: Readonly<Record<keyof typeof SAMPLES, number>> = steps;

export const SAMPLE_NAMES = Object.keys(SAMPLES) as (keyof typeof SAMPLES)[];
