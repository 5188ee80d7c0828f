import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const HERE = join(import.meta.dirname, '..');
const SOURCES = readdirSync(join(HERE, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join(HERE, 'src', name), 'utf8'));

/** Commands that are for other extensions alone: the guide names them. */
const NOT_OFFERED = 'agentkit:show-run';

/** The values of constants such as `const NEW = 'agentkit:new-notebook'`. */
const NAMES = new Map(
  SOURCES.flatMap(source =>
    [...source.matchAll(/const (\w+) = '(agentkit:[\w-]+)'/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  ),
);

/** Those that are registered by a name; what a row of the panel offers is made where it is shown. */
const REGISTERED = SOURCES.flatMap(source =>
  [...source.matchAll(/addCommand\(\s*(?:'([^']+)'|([A-Z_]+)),/g)].map(
    ([, literal, name]) => literal ?? NAMES.get(name),
  ),
);

/** Every command that a part of the schema names. */
function commandsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) =>
    key === 'command' && typeof entry === 'string' ? [entry] : commandsIn(entry),
  );
}

test('what menus and shortcuts name is registered, and what is registered is named there', () => {
  const schema = JSON.parse(readFileSync(join(HERE, 'schema', 'plugin.json'), 'utf8'));
  const named = new Set(commandsIn(schema));
  expect(named.size).toBeGreaterThan(5);
  expect(new Set(REGISTERED)).toEqual(new Set([...named, NOT_OFFERED]));
});
