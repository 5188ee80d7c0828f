// Turns the JSON Schema on standard input into the TypeScript on standard output.
import { readFileSync } from 'node:fs';
import { compile } from 'json-schema-to-typescript';

const types = await compile(JSON.parse(readFileSync(0, 'utf8')), 'Frame', {
  additionalProperties: false,
  bannerComment: '// Generated from the Python models by `make protocol`; change those instead.',
  style: { printWidth: 100, singleQuote: true },
  unreachableDefinitions: true,
});
process.stdout.write(types);
