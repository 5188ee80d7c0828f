import approved from '../../samples/approved.json';
import cancelled from '../../samples/cancelled.json';
import completed from '../../samples/completed.json';
import denied from '../../samples/denied.json';
import failed from '../../samples/failed.json';
import interrupted from '../../samples/interrupted.json';
import question from '../../samples/question.json';
import queued from '../../samples/queued.json';
import recovered from '../../samples/recovered.json';
import simulated from '../../samples/simulated.json';
import streamed from '../../samples/streamed.json';
import waiting from '../../samples/waiting.json';

// biome-ignore lint/suspicious/noExplicitAny: each sample has the shape of its own events
const samples: Record<string, any> = {
  approved,
  cancelled,
  completed,
  denied,
  failed,
  interrupted,
  question,
  queued,
  recovered,
  simulated,
  streamed,
  waiting,
};

export default samples;
