import { places } from '../format';
import { trans } from '../words';

/** A stretch of time, in ms. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Between two ticks: round numbers of the unit that a reader counts in. */
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map(count => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map(count => count * MINUTE),
  ...[1, 2, 6, 12].map(count => count * HOUR),
  ...[1, 2, 7, 14, 28, 91, 364].map(count => count * DAY),
];

/** No closer than this: what is measured is not finer. */
export const CLOSEST = 5;

/** No digit or letter of a label is wider, and no two labels are closer, in px. */
const CHARACTER = 7;
const BETWEEN = 24;

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Round times in a range that is drawn `width` px wide, as many as have room; counted from `origin`. */
export function ticksOf(range: Range, origin: number, width: number): readonly Tick[] {
  const step = stepOf(range, origin, width);
  const first = Math.ceil((range.from - origin) / step) * step;
  const ticks: Tick[] = [];
  for (let at = first; at <= range.to - origin; at += step) {
    ticks.push({ at: origin + at, text: tickText(at, step) });
  }
  return ticks;
}

function stepOf(range: Range, origin: number, width: number): number {
  const length = range.to - range.from;
  const fits = (step: number): boolean => {
    const last = Math.floor((range.to - origin) / step) * step;
    const texts = [tickText(last, step), tickText(last - step, step)];
    return (step / length) * width >= Math.max(...texts.map(text => widthOf(text))) + BETWEEN;
  };
  return STEPS.find(fits) ?? length;
}

/** At most so many px are taken by a label. */
export function widthOf(text: string): number {
  return text.length * CHARACTER;
}

/** "0 s", "2.5 s", "1 min 30 s", "2 h 5 min", "3 d 6 h": as fine as the step between them needs. */
function tickText(ms: number, step: number): string {
  if (step < SECOND && ms < SECOND && ms > 0) return trans.__('%1 ms', ms);
  if (ms < MINUTE) {
    return trans.__('%1 s', places(ms / SECOND, ms === 0 ? 0 : digitsOf(step)));
  }
  if (ms < HOUR) {
    const seconds = (ms % MINUTE) / SECOND;
    const minutes = Math.floor(ms / MINUTE);
    if (seconds === 0) return trans.__('%1 min', minutes);
    return trans.__('%1 min %2 s', minutes, places(seconds, digitsOf(step)));
  }
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    const hours = Math.floor(ms / HOUR);
    return minutes === 0 ? trans.__('%1 h', hours) : trans.__('%1 h %2 min', hours, minutes);
  }
  const hours = Math.floor((ms % DAY) / HOUR);
  const days = Math.floor(ms / DAY);
  return hours === 0 ? trans.__('%1 d', days) : trans.__('%1 d %2 h', days, hours);
}

/** As many decimals as tell ticks apart that are so many ms from each other. */
function digitsOf(step: number): number {
  return step >= SECOND ? 0 : Math.ceil(-Math.log10(step / SECOND) - 1e-9);
}

/** The length that a growing run is drawn on: it fills up and widens seldom, so that nothing crawls. */
export function roomFor(length: number): number {
  const step = STEPS.find(candidate => candidate * 10 >= length * 1.05);
  return Math.max(10 * SECOND, step === undefined ? length * 1.5 : step * 10);
}

/** The range, `factor` times as wide around `at`, within the whole. */
export function zoomed(range: Range, whole: Range, factor: number, at: number): Range {
  const length = Math.max(CLOSEST, (range.to - range.from) * factor);
  const share = (at - range.from) / Math.max(1, range.to - range.from);
  return within({ from: at - length * share, to: at + length * (1 - share) }, whole);
}

/** The range, moved by `ms`, within the whole. */
export function moved(range: Range, whole: Range, ms: number): Range {
  return within({ from: range.from + ms, to: range.to + ms }, whole);
}

/** The range as wide as it is, or as the whole, pushed inside of it. */
export function within(range: Range, whole: Range): Range {
  const length = Math.min(range.to - range.from, whole.to - whole.from);
  const from = Math.min(Math.max(range.from, whole.from), whole.to - length);
  return { from, to: from + length };
}
