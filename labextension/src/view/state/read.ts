/** Reads values that came from outside: nothing here throws, whatever it is given. */

export type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = Object.freeze({});

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : NOTHING;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value as text: strings as they are, everything else as JSON, nothing as ''. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  return json(value);
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Milliseconds since 1970 of an ISO 8601 time. */
export function time(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

export function json(value: unknown, indent?: number): string {
  try {
    // Lines that are indented deeper than this are no help, and could become any amount of spaces.
    return (
      JSON.stringify(value, null, indent !== undefined && isDeep(value, DEEP) ? 0 : indent) ?? ''
    );
  } catch {
    return '…';
  }
}

const DEEP = 64;

function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some(inner => isDeep(inner, levels - 1));
}
