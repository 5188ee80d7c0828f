import { type Fields, fields, json, list, number, text } from '../state/read';
import { trans } from '../words';
import type { Draft } from './ask';

/** One field of a form, out of a JSON Schema. What a form has no field for is typed as JSON. */
export interface Field {
  /** The property; '' where the schema is of the answer itself. */
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly kind: 'text' | 'long' | 'number' | 'integer' | 'boolean' | 'choice' | 'json';
  /** Of a text: what the browser's own input for it is called. */
  readonly input: 'text' | 'email' | 'url' | 'date' | 'time' | 'datetime-local';
  readonly choices: readonly unknown[];
  readonly required: boolean;
  readonly initial: Draft;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
}

const INPUTS: ReadonlyMap<string, Field['input']> = new Map([
  ['email', 'email'],
  ['uri', 'url'],
  ['date', 'date'],
  ['time', 'time'],
  ['date-time', 'datetime-local'],
]);

/** The fields of a schema: one each property of an object, else one for the whole. */
export function fieldsOf(schema: unknown): readonly Field[] {
  const whole = fields(schema);
  const properties = Object.entries(fields(whole.properties));
  const required = new Set(list(whole.required).map(text));
  if (properties.length === 0) return [fieldOf('', whole, true)];
  return properties.map(([name, property]) => fieldOf(name, fields(property), required.has(name)));
}

function fieldOf(name: string, schema: Fields, required: boolean): Field {
  const choices = 'const' in schema ? [schema.const] : list(schema.enum);
  const kind = choices.length > 0 ? 'choice' : kindOf(schema);
  return {
    name,
    label: text(schema.title) || name.replaceAll('_', ' ') || trans.__('Your answer'),
    description: text(schema.description),
    kind,
    input: INPUTS.get(text(schema.format)) ?? 'text',
    choices,
    required,
    initial: initialOf(kind, choices, schema.default),
    min: number(schema.minimum),
    max: number(schema.maximum),
    minLength: number(schema.minLength),
    maxLength: number(schema.maxLength),
  };
}

function kindOf(schema: Fields): Field['kind'] {
  const types = Array.isArray(schema.type)
    ? list(schema.type).filter(each => each !== 'null')
    : [schema.type];
  if (types.length !== 1) return 'json';
  switch (types[0]) {
    case 'string':
      return (number(schema.maxLength) ?? 0) > 200 || schema.format === 'textarea'
        ? 'long'
        : 'text';
    case 'number':
    case 'integer':
    case 'boolean':
      return types[0];
    default:
      return 'json';
  }
}

function initialOf(kind: Field['kind'], choices: readonly unknown[], given: unknown): Draft {
  if (kind === 'boolean') return given === true;
  if (given === undefined) return '';
  if (kind === 'choice') {
    const index = choices.findIndex(choice => json(choice) === json(given));
    return index < 0 ? '' : String(index);
  }
  return kind === 'json' ? json(given, 2) : text(given);
}

export interface Filled {
  readonly value: unknown;
  /** What keeps a field from being sent, by its name. */
  readonly faults: ReadonlyMap<string, string>;
}

/** The answer that the fields hold. A field that is left empty is left out. */
export function filled(form: readonly Field[], drafts: ReadonlyMap<string, Draft>): Filled {
  const faults = new Map<string, string>();
  const values = form.flatMap(field => {
    const draft = drafts.get(field.name) ?? field.initial;
    const { value, fault } = read(field, draft);
    if (fault !== '') faults.set(field.name, fault);
    return value === undefined ? [] : [[field.name, value] as const];
  });
  const [only] = form;
  const value =
    form.length === 1 && only?.name === '' ? values[0]?.[1] : Object.fromEntries(values);
  return { value, faults };
}

function read(field: Field, draft: Draft): { value: unknown; fault: string } {
  if (typeof draft === 'boolean') return { value: draft, fault: '' };
  if (draft.trim() === '')
    return { value: undefined, fault: field.required ? trans.__('This is needed.') : '' };
  switch (field.kind) {
    case 'choice':
      return { value: field.choices[Number(draft)], fault: '' };
    case 'number':
    case 'integer':
      return numberOf(field, draft);
    case 'json':
      try {
        return { value: JSON.parse(draft) as unknown, fault: '' };
      } catch {
        return {
          value: undefined,
          fault: trans.__('This is no JSON yet, such as %1.', '["a", "b"]'),
        };
      }
    default:
      return textOf(field, draft);
  }
}

function numberOf(
  { kind, min, max }: Field,
  draft: string,
): { value: number | undefined; fault: string } {
  const value = Number(draft);
  if (!Number.isFinite(value)) return { value: undefined, fault: trans.__('This is no number.') };
  if (kind === 'integer' && !Number.isInteger(value))
    return { value, fault: trans.__('It has to be a whole number.') };
  if (min !== undefined && value < min)
    return { value, fault: trans.__('It has to be %1 or more.', min) };
  if (max !== undefined && value > max)
    return { value, fault: trans.__('It has to be %1 or less.', max) };
  return { value, fault: '' };
}

function textOf({ input, minLength, maxLength }: Field, draft: string) {
  // The page's clock has no zone, and JSON Schema wants one.
  const value = input === 'datetime-local' ? zoned(draft) : draft;
  if (minLength !== undefined && value.length < minLength)
    return { value, fault: tooShort(minLength) };
  if (maxLength !== undefined && value.length > maxLength)
    return { value, fault: tooLong(maxLength) };
  return { value, fault: '' };
}

function tooShort(least: number): string {
  return trans._n(
    'It has to have %1 character or more.',
    'It has to have %1 characters or more.',
    least,
  );
}

function tooLong(most: number): string {
  return trans._n(
    'It has to have %1 character or less.',
    'It has to have %1 characters or less.',
    most,
  );
}

function zoned(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? local : at.toISOString();
}
