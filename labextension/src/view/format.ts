/** Figures as people read them, in the page's language. */
import { locale, trans } from './words';

/** "< 0.1 s", "0.4 s", "12 s", "1 min 05 s", "1 h 02 min". */
export function duration(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100));
  if (tenths < 1) return trans.__('< %1 s', places(0.1, 1));
  if (tenths < 100) return trans.__('%1 s', places(tenths / 10, 1));
  return long(Math.round(ms / 1000));
}

function long(seconds: number): string {
  if (seconds < 60) return trans.__('%1 s', seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return trans.__('%1 min %2 s', minutes, two(seconds % 60));
  return trans.__('%1 h %2 min', Math.floor(minutes / 60), two(minutes % 60));
}

/** A time that still runs: whole seconds, so that it ticks calmly; nothing in the first one. */
export function ticking(ms: number): string {
  return ms < 1000 ? '' : long(Math.floor(ms / 1000));
}

export function thousands(amount: number): string {
  return figures({}).format(amount);
}

/** US dollars, with as many places as a small price needs. */
export function cost(dollars: number): string {
  if (dollars === 0) return price(0, 0);
  if (dollars < 0.0001) return `< ${price(0.0001, 4)}`;
  return price(dollars, dollars < 0.1 ? 4 : 2);
}

export function clock(at: number): string {
  return dates({ hour: 'numeric', minute: '2-digit' }).format(at);
}

/** To the second. */
export function time(at: number): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: 'medium' }).format(at);
}

/** The time of a moment of today, the day of any other. */
export function moment(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  if (isToday) return clock(at);
  return dates({ month: 'short', day: 'numeric' }).format(at);
}

export function date(at: number): string {
  return dates({ dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

export function places(value: number, digits: number): string {
  const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return figures(fixed).format(value);
}

function price(dollars: number, digits: number): string {
  return figures({
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(dollars);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

// A formatter takes far longer to make than to use, and every row has figures.
const made = new Map<string, unknown>();

function figures(style: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept('figures', style, tag => new Intl.NumberFormat(tag, style));
}

function dates(style: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept('dates', style, tag => new Intl.DateTimeFormat(tag, style));
}

function kept<T>(kind: string, style: object, make: (tag: string | undefined) => T): T {
  const tag = locale();
  const key = `${tag} ${kind} ${JSON.stringify(style)}`;
  const formatter = (made.get(key) as T | undefined) ?? make(tag);
  made.set(key, formatter);
  return formatter;
}
