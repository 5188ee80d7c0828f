/** Figures as people read them. */

/** "< 0.1 s", "0.4 s", "12 s", "1 min 05 s", "1 h 02 min". */
export function duration(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100));
  if (tenths < 1) return '< 0.1 s';
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A time that still runs: whole seconds, so that it ticks calmly; nothing in the first one. */
export function ticking(ms: number): string {
  return ms < 1000 ? '' : duration(Math.floor(ms / 1000) * 1000).replace('.0', '');
}

export function count(amount: number, noun: string): string {
  return `${thousands(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

export function thousands(amount: number): string {
  return amount.toLocaleString('en-US');
}

/** US dollars, with as many places as a small price needs. */
export function cost(dollars: number): string {
  if (dollars === 0) return '$0';
  if (dollars < 0.0001) return '< $0.0001';
  return `$${dollars.toFixed(dollars < 0.1 ? 4 : 2)}`;
}

export function clock(at: number): string {
  return new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' }).format(at);
}

export function date(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
