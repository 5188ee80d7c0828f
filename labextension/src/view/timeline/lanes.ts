import type { Range } from './axis';
import type { Span, SpanKind } from './spans';

/** What is drawn: a span, or several too narrow to be told apart. */
export interface Bar {
  readonly kind: SpanKind;
  readonly lane: number;
  /** Left edge and width as parts of the drawn range; they may reach beyond it. */
  readonly left: number;
  readonly width: number;
  /** Places in the list of spans; several when `count` is above one. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  /** How many of them failed: that is never lost among the others. */
  readonly failed: number;
  readonly running: boolean;
}

/** Narrower than this, in px, and spans that touch become one bar. */
const NARROW = 3;
/** No wider than this, in px, is what they become: it can be pointed at, and zoomed into. */
const WIDEST = 8;

export interface Lanes {
  /** Of each span. */
  readonly of: readonly number[];
  readonly count: number;
}

/** Lanes in which no two spans overlap: the model's above, calls and what they wait for below it. */
export function lanesOf(spans: readonly Span[]): Lanes {
  const free: number[] = [];
  const ofRow = new Map<number, number>();
  const of = spans.map(({ kind, row, from, to }) => {
    const until = to ?? Number.POSITIVE_INFINITY;
    if (kind === 'model') return 0;
    const before = row === undefined ? undefined : ofRow.get(row.id);
    const kept = before !== undefined && (free[before] ?? 0) <= from ? before : undefined;
    const found = kept ?? free.findIndex(end => end <= from);
    const lane = found < 0 ? free.length : found;
    free[lane] = until;
    if (row !== undefined) ofRow.set(row.id, lane);
    return lane + 1;
  });
  return { of, count: free.length + 1 };
}

/**
 * The bars of what lies in `range`, drawn `width` px wide.
 *
 * There are never more of them than fit beside each other, however many spans there are.
 */
export function barsOf(
  spans: readonly Span[],
  lanes: Lanes,
  range: Range,
  width: number,
  now: number,
): readonly Bar[] {
  const bars: Bar[] = [];
  const lastOf: number[] = [];
  const scale = 1 / Math.max(1, range.to - range.from);
  const narrow = NARROW / Math.max(1, width);
  for (const [index, span] of spans.entries()) {
    const to = span.to ?? Math.max(now, span.from);
    if (to < range.from || span.from > range.to) continue;
    const lane = lanes.of[index] ?? 0;
    const bar: Bar = {
      kind: span.kind,
      lane,
      left: (span.from - range.from) * scale,
      width: (to - span.from) * scale,
      first: index,
      last: index,
      count: 1,
      failed: span.state === 'failed' ? 1 : 0,
      running: span.to === undefined,
    };
    const at = lastOf[lane];
    const before = at === undefined ? undefined : bars[at];
    if (at !== undefined && before !== undefined && touch(before, bar, narrow)) {
      bars[at] = together(before, bar);
    } else {
      lastOf[lane] = bars.length;
      bars.push(bar);
    }
  }
  return bars;
}

/** Both are too narrow to be seen beside each other; a running one grows and stays alone. */
function touch(before: Bar, bar: Bar, narrow: number): boolean {
  if (bar.running || before.running || bar.width >= narrow) return false;
  const end = before.left + before.width;
  if (bar.left + bar.width - before.left > (narrow * WIDEST) / NARROW) return false;
  const isNarrow = before.count > 1 || before.width < narrow;
  return isNarrow && bar.left - Math.max(end, before.left + narrow / 2) < narrow / 2;
}

function together(before: Bar, bar: Bar): Bar {
  return {
    ...before,
    width: Math.max(before.width, bar.left + bar.width - before.left),
    last: bar.last,
    count: before.count + 1,
    failed: before.failed + bar.failed,
  };
}

/**
 * The bar of a lane at a place, or the nearest that is no further away than `near`.
 *
 * Both are parts of the drawn range, as the edges of bars are.
 */
export function barAt(
  bars: readonly Bar[],
  lane: number,
  place: number,
  near: number,
): Bar | undefined {
  let nearest: Bar | undefined;
  let distance = near;
  for (const bar of bars) {
    if (bar.lane !== lane) continue;
    const away = Math.max(bar.left - place, place - bar.left - bar.width, 0);
    if (away > distance || (away === distance && nearest !== undefined)) continue;
    nearest = bar;
    distance = away;
  }
  return nearest;
}

/** The span of a lane that begins nearest to a time; its place in the list. */
export function nearestIn(
  spans: readonly Span[],
  lanes: Lanes,
  lane: number,
  time: number,
): number | undefined {
  let nearest: number | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const [index, { from }] of spans.entries()) {
    const away = Math.abs(from - time);
    if (lanes.of[index] !== lane || away >= distance) continue;
    nearest = index;
    distance = away;
  }
  return nearest;
}

/** How long each kind took in all; what ran at the same time counts once. */
export function timeByKind(spans: readonly Span[], now: number): ReadonlyMap<SpanKind, number> {
  const sums = new Map<SpanKind, number>();
  const ends = new Map<SpanKind, number>();
  for (const { kind, from, to } of spans) {
    const end = to ?? Math.max(now, from);
    const begin = Math.max(from, ends.get(kind) ?? from);
    sums.set(kind, (sums.get(kind) ?? 0) + Math.max(0, end - begin));
    ends.set(kind, Math.max(end, ends.get(kind) ?? end));
  }
  return sums;
}
