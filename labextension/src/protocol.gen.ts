// Generated from the Python models by `make generated`; change those instead.

/**
 * Whatever is said on the sockets of tasks, by either side.
 */
export type Frame = ServerFrame | ClientFrame | FeedFrame;
export type ServerFrame =
  ConnectedFrame | StepFrame | StepsFrame | ResultFrame | ErrorFrame | PongFrame;
/**
 * The states of a task. The last four are final.
 */
export type TaskStatus =
  'queued' | 'running' | 'input_required' | 'completed' | 'failed' | 'cancelled' | 'interrupted';
export type StepEvent =
  | RunStarted
  | Thinking
  | Message
  | ThinkingDelta
  | MessageDelta
  | ToolCalled
  | ToolProgress
  | ToolFinished
  | ApprovalRequested
  | InputRequested
  | RequestResolved
  | UsageReported
  | Warned
  | FinalAnswer
  | RunFinished;
export type ClientFrame = PingFrame | CancelFrame | AnswerFrame | ToolResultFrame;
export type FeedFrame =
  TasksFrame | TaskChangedFrame | TaskRemovedFrame | JournalTroubleFrame | ErrorFrame | PongFrame;

/**
 * Always the first frame.
 */
export interface ConnectedFrame {
  type: 'connected';
  task_id: string;
  protocol: number;
  status: TaskStatus;
  last_seq: number;
}
export interface StepFrame {
  type: 'step';
  data: StepEvent;
}
export interface RunStarted {
  seq: number;
  step: number;
  ts: string;
  event_type: 'run_started';
  agent: string;
  input: string;
  model: string;
  provider: string;
  simulated: boolean;
  resumes?: string;
}
export interface Thinking {
  seq: number;
  step: number;
  ts: string;
  event_type: 'thinking';
  message_id: string;
  text: string;
}
/**
 * Text of the model that is not yet the answer: what it says before it calls tools.
 */
export interface Message {
  seq: number;
  step: number;
  ts: string;
  event_type: 'message';
  message_id: string;
  text: string;
}
export interface ThinkingDelta {
  seq: number;
  step: number;
  ts: string;
  event_type: 'thinking_delta';
  message_id: string;
  delta: string;
}
export interface MessageDelta {
  seq: number;
  step: number;
  ts: string;
  event_type: 'message_delta';
  message_id: string;
  delta: string;
}
export interface ToolCalled {
  seq: number;
  step: number;
  ts: string;
  event_type: 'tool_call';
  tool_call_id: string;
  tool_name: string;
  arguments: {
    [k: string]: unknown;
  };
  runs_in: string;
  needs_approval?: true;
}
export interface ToolProgress {
  seq: number;
  step: number;
  ts: string;
  event_type: 'tool_progress';
  tool_call_id: string;
  progress: number;
  total?: number;
  message?: string;
}
export interface ToolFinished {
  seq: number;
  step: number;
  ts: string;
  event_type: 'tool_result';
  tool_call_id: string;
  outcome: 'success' | 'failed' | 'denied' | 'interrupted';
  content: {
    [k: string]: unknown;
  };
  duration_ms: number;
  error?: ErrorInfo;
}
/**
 * Why something ended badly: a sentence for people, a code for programs.
 */
export interface ErrorInfo {
  message: string;
  reason: string;
}
/**
 * A call waits for somebody's consent; its arguments are whole.
 */
export interface ApprovalRequested {
  seq: number;
  step: number;
  ts: string;
  event_type: 'approval_requested';
  request_id: string;
  tool_call_id: string;
  tool_name: string;
  arguments: {
    [k: string]: unknown;
  };
  reason: string;
  expires_at?: string;
  preview?: {
    [k: string]: unknown;
  };
}
export interface InputRequested {
  seq: number;
  step: number;
  ts: string;
  event_type: 'input_requested';
  request_id: string;
  question: string;
  schema?: {
    [k: string]: unknown;
  };
  choices?: string[];
  expires_at?: string;
}
/**
 * A request is closed.
 *
 * ``value`` is the answer to a question; of an approval ``{"arguments"?, "always"?}``; of a denial the
 * reason that was given.
 */
export interface RequestResolved {
  seq: number;
  step: number;
  ts: string;
  event_type: 'request_resolved';
  request_id: string;
  decision: 'approve' | 'deny' | 'answer' | 'expired';
  value?: unknown;
  by: string;
}
/**
 * Tokens of one call of a model, as its provider reported them.
 */
export interface UsageReported {
  seq: number;
  step: number;
  ts: string;
  event_type: 'usage';
  provider: string;
  model: string;
  input_tokens: number;
  output_tokens: number;
  cached_input_tokens?: number;
  reasoning_tokens?: number;
  cost?: number;
}
export interface Warned {
  seq: number;
  step: number;
  ts: string;
  event_type: 'warning';
  message: string;
  reason: string;
}
export interface FinalAnswer {
  seq: number;
  step: number;
  ts: string;
  event_type: 'final_answer';
  text: string;
}
export interface RunFinished {
  seq: number;
  step: number;
  ts: string;
  event_type: 'run_finished';
  status: TaskStatus;
  error?: ErrorInfo;
}
/**
 * Several events in one frame; only to clients that connect with ``?batch=1``.
 */
export interface StepsFrame {
  type: 'steps';
  data: StepEvent[];
}
/**
 * Always the last frame before the server closes with 1000.
 */
export interface ResultFrame {
  type: 'result';
  task_id: string;
  data: RunResult;
}
export interface RunResult {
  status: TaskStatus;
  content: string | null;
  usage: Usage | null;
  steps: number;
  duration_ms: number;
  error?: ErrorInfo;
}
/**
 * What a run used in all. Absent where no provider reported it; never estimated.
 */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cached_input_tokens?: number;
  reasoning_tokens?: number;
  cost?: number;
}
/**
 * A bad frame (the socket stays open) or a refusal (the socket closes).
 */
export interface ErrorFrame {
  type: 'error';
  data: ErrorInfo;
}
export interface PongFrame {
  type: 'pong';
}
export interface PingFrame {
  type: 'ping';
}
export interface CancelFrame {
  type: 'cancel';
  reason?: string;
}
export interface AnswerFrame {
  type: 'answer';
  request_id: string;
  decision: 'approve' | 'deny' | 'answer';
  value?: unknown;
  reason?: string;
}
/**
 * What a client tool returned; taken only from the process that offered the tool.
 */
export interface ToolResultFrame {
  type: 'tool_result';
  tool_call_id: string;
  outcome: 'success' | 'failed' | 'denied' | 'interrupted';
  content: {
    [k: string]: unknown;
  };
  error?: ErrorInfo;
}
/**
 * All that is worth a list: what has not ended, and the newest of the others; on the feed only.
 *
 * It replaces whatever the client knew, and comes again when the client had fallen too far behind. Long
 * texts are cut.
 */
export interface TasksFrame {
  type: 'tasks';
  now: string;
  data: TaskSummary[];
  before?: string;
}
/**
 * A task without its events, as lists show it.
 */
export interface TaskSummary {
  task_id: string;
  agent: string;
  input: string;
  status: TaskStatus;
  thread_id?: string;
  follows?: string;
  resumes?: string;
  client_tools: string[];
  origin?: Origin;
  user?: string;
  simulated: boolean;
  created_at: string;
  started_at?: string;
  finished_at?: string;
  last_seq: number;
  steps: number;
  asks: Ask[];
  usage?: Usage;
  result?: string;
  error?: ErrorInfo;
  place?: Place;
  /**
   * Ids of the requests that wait for an answer.
   */
  open_requests: string[];
}
/**
 * The place in a notebook from which a task was started.
 */
export interface Origin {
  kernel_id: string;
  cell_id?: string;
}
/**
 * A request that waits for an answer, as lists show it.
 */
export interface Ask {
  request_id: string;
  tool_name?: string;
  arguments?: {
    [k: string]: unknown;
  };
  question?: string;
  expires_at?: string;
}
/**
 * Where a task is shown, or was started.
 */
export interface Place {
  path: string;
  cell_id?: string;
}
/**
 * A task is new, or its summary says something else; on the feed only.
 */
export interface TaskChangedFrame {
  type: 'task';
  now: string;
  data: TaskSummary;
}
/**
 * A task was deleted; on the feed only.
 */
export interface TaskRemovedFrame {
  type: 'removed';
  task_id: string;
}
/**
 * What is wrong with the journal, after the list and when that changes; on the feed only.
 */
export interface JournalTroubleFrame {
  type: 'journal';
  problem?: ErrorInfo;
}
