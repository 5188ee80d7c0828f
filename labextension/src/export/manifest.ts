import { thousands } from '../view/format';
import type { IconName } from '../view/icons';
import { type RowState, wordOf } from '../view/row/row';
import { type Tense, toolTitle } from '../view/row/titles';
import { fields, list, number, text, time } from '../view/state/read';
import { isTranslated, trans } from '../view/words';

/** What stands in a part of a run. */
export interface Holds {
  readonly bytes: number;
  readonly pictures: number;
  readonly tables: number;
  readonly masked: number;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly people: readonly string[];
}

/** One thing that can be left out. */
export interface Step extends Holds {
  readonly number: number;
  readonly kind: string;
  readonly title: string;
  readonly details: string;
  /** How it came out; empty of an answer and a follow-up. */
  readonly state: string;
  /** The name of what was called, and all that it was called with. */
  readonly tool: string;
  readonly arguments: string;
  /** 0: of the run itself; else of which of its follow-ups. */
  readonly run: number;
}

/** What would leave with a run, as the server tells it. */
export interface Manifest {
  /** What a file of it is called, without the ending. */
  readonly name: string;
  /** Form → how the names of its files end. */
  readonly endings: ReadonlyMap<string, string>;
  /** The run had not ended when it was looked at. */
  readonly goesOn: boolean;
  readonly at: number | undefined;
  /** What leaves in any case. */
  readonly rest: Holds;
  readonly steps: readonly Step[];
}

export function readManifest(value: unknown): Manifest {
  const told = fields(value);
  const endings = Object.entries(fields(told.endings)).map(
    ([form, ending]) => [form, text(ending)] as const,
  );
  return {
    name: text(told.name) || 'run',
    endings: new Map(endings),
    goesOn: told.goes_on === true,
    at: time(told.at),
    rest: holds(told.rest),
    steps: list(told.steps).map(step),
  };
}

function step(value: unknown): Step {
  const told = fields(value);
  return {
    ...holds(told),
    number: number(told.number) ?? 0,
    kind: text(told.kind),
    title: text(told.title),
    details: text(told.details),
    state: text(told.state),
    tool: text(told.tool),
    arguments: text(told.arguments),
    run: number(told.run) ?? 0,
  };
}

function holds(value: unknown): Holds {
  const told = fields(value);
  return {
    bytes: number(told.bytes) ?? 0,
    pictures: number(told.pictures) ?? 0,
    tables: number(told.tables) ?? 0,
    masked: number(told.masked) ?? 0,
    hosts: list(told.hosts).map(text),
    paths: list(told.paths).map(text),
    people: list(told.people).map(text),
  };
}

/** Whether a step is left out, by itself or with the whole follow-up that it belongs to. */
export function isOut(manifest: Manifest, leftOut: ReadonlySet<number>, of: Step): boolean {
  return leftOut.has(of.number) || belongsToLeftOut(manifest, leftOut, of);
}

export function belongsToLeftOut(
  { steps }: Manifest,
  leftOut: ReadonlySet<number>,
  of: Step,
): boolean {
  if (of.run === 0 || of.kind === 'follow_up') return false;
  return steps.some(
    each => each.run === of.run && each.kind === 'follow_up' && leftOut.has(each.number),
  );
}

/** All that leaves. */
export interface Leaving extends Holds {
  readonly steps: number;
  readonly answers: number;
  readonly followUps: number;
}

/** What leaves altogether. */
export function total(manifest: Manifest, leftOut: ReadonlySet<number>): Leaving {
  const gone = new Set(
    manifest.steps
      .filter(each => each.kind === 'follow_up' && leftOut.has(each.number))
      .map(each => each.run),
  );
  const stay = manifest.steps.filter(
    each => !leftOut.has(each.number) && !(each.run > 0 && gone.has(each.run)),
  );
  const all: readonly Holds[] = [manifest.rest, ...stay];
  const sum = (of: (each: Holds) => number): number => all.reduce((so, each) => so + of(each), 0);
  const once = (of: (each: Holds) => readonly string[]): string[] => [...new Set(all.flatMap(of))];
  const answers = stay.filter(each => each.kind === 'answer').length;
  const followUps = stay.filter(each => each.kind === 'follow_up').length;
  return {
    steps: stay.length - answers - followUps,
    answers,
    followUps,
    bytes: sum(each => each.bytes),
    pictures: sum(each => each.pictures),
    tables: sum(each => each.tables),
    masked: sum(each => each.masked),
    hosts: once(each => each.hosts),
    paths: once(each => each.paths),
    people: once(each => each.people),
  };
}

/** "12 steps, 1 answer, 34 kB, 2 pictures, 1 masked value". */
export function totalText(all: Leaving): string {
  const { steps, answers, followUps } = all;
  const parts = [
    trans._n('%1 step', '%1 steps', steps),
    answers > 0 ? trans._n('%1 answer', '%1 answers', answers) : '',
    followUps > 0 ? trans._n('%1 follow-up', '%1 follow-ups', followUps) : '',
  ];
  return [...parts.filter(Boolean), ...factsOf(all)].join(', ');
}

/** The size, and what else stands in it. */
export function factsOf(of: Holds): string[] {
  const facts = [sizeText(of.bytes)];
  if (of.pictures > 0) facts.push(trans._n('%1 picture', '%1 pictures', of.pictures));
  if (of.tables > 0) facts.push(trans._n('%1 table', '%1 tables', of.tables));
  if (of.masked > 0) facts.push(trans._n('%1 masked value', '%1 masked values', of.masked));
  return facts;
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return trans._n('%1 byte', '%1 bytes', bytes);
  if (bytes < 999_500) return trans.__('%1 kB', thousands(Math.round(bytes / 1000)));
  return trans.__('%1 MB', thousands(Math.round(bytes / 100_000) / 10));
}

/** What the step is, before what it says: a call says so itself. */
export function titleOf({ kind, title, state, tool }: Step): string {
  switch (kind) {
    case 'thinking':
      return trans.__('Thought');
    case 'message':
      return trans.__('Said');
    case 'question':
      return state === 'waiting' ? trans.__('Asking you') : trans.__('Asked you');
    case 'answer':
      return trans.__('Answer');
    case 'follow_up':
      return trans.__('Follow-up');
    case 'tool': {
      if (!saysTitle(tool)) return title;
      const { verb, object } = toolTitle(tool, {}, tenseOf(state));
      return `${verb} ${object}`;
    }
    case 'other':
      return trans.__('Event %1', tool);
    default:
      return title;
  }
}

export function detailsOf({ kind, title, details, tool, arguments: all }: Step): string {
  if (kind === 'answer' || kind === 'follow_up') return title;
  return kind === 'tool' && saysTitle(tool) ? all : details;
}

/** Whether the page says it in its language: the server's titles are English. */
function saysTitle(tool: string): boolean {
  return tool !== '' && isTranslated();
}

function tenseOf(state: string): Tense {
  if (state === 'running' || state === 'waiting') return 'going on';
  return state === 'done' ? 'over' : 'wanted';
}

const KINDS: Readonly<Record<string, IconName>> = {
  thinking: 'thinking',
  message: 'message',
  tool: 'tool',
  question: 'question',
  warning: 'warning',
  answer: 'message',
  follow_up: 'chevron',
};

const STATES: Readonly<Record<string, readonly [IconName, RowState]>> = {
  running: ['running', 'running'],
  waiting: ['approval', 'waiting'],
  done: ['completed', 'completed'],
  failed: ['failed', 'failed'],
  denied: ['denied', 'denied'],
  cancelled: ['cancelled', 'cancelled'],
  interrupted: ['interrupted', 'interrupted'],
};

/** As in the run itself: its kind until it has come out, then how it did. */
export function iconOf({ kind, state }: Step): IconName {
  const [icon] = (kind === 'tool' ? STATES[state] : undefined) ?? [KINDS[kind] ?? 'other'];
  return icon;
}

/** How a step stands where that is not as it should be; empty otherwise. */
export function standingOf({ state }: Step): string {
  const standing = STATES[state]?.[1];
  return standing === undefined || standing === 'completed' ? '' : wordOf(standing);
}
