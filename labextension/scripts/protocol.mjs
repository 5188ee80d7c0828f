// Turns the JSON Schema on standard input into the TypeScript on standard output.
import { text } from 'node:stream/consumers';
import { compile } from 'json-schema-to-typescript';

const types = await compile(JSON.parse(await text(process.stdin)), 'Frame', {
  additionalProperties: false,
  bannerComment: '// Generated from the Python models by `make generated`; change those instead.',
  style: { printWidth: 100, singleQuote: true },
  unreachableDefinitions: true,
});
process.stdout.write(types);
