import { expect, test } from 'vitest';
import { calmDiagrams } from '../src/host/diagrams';
import { calmTypes } from '../src/host/types';

const CALM = '```mermaid\ngraph LR\nA[Read<br/>data] --> B & C\n```';
const fence = (body: string, before = ''): string =>
  ['```mermaid', ...body.split('\n'), '```'].map(line => before + line).join('\n');

test('a diagram that loads nothing stays a diagram', () => {
  expect(calmDiagrams(`Look:\n\n${CALM}\n\nSee https://example.org/.`)).toContain('```mermaid');
});

test.each([
  'A["<img src=x>"]',
  'A@{ img: "x.png" }',
  '%%{init: {"themeCSS": "x"}}%%',
  '---\nconfig: {}\n---\ngraph LR',
  'style B fill:url(x)',
  'A["![](//a.example)"]',
  'A[#lt;img#gt;]',
  'A[&#60;img]',
])('a diagram that could load something is shown as its text: %s', body => {
  for (const before of ['', '  ', '> ', '- ', '   '])
    expect(calmDiagrams(fence(body, before))).not.toContain('mermaid');
  expect(calmDiagrams(`${CALM}\n\n~~~~ mermaid \n${body}\n~~~\n~~~~`)).toBe(
    `${CALM}\n\n~~~~text\n${body}\n~~~\n~~~~`,
  );
});

test('in a quotation, what follows may still be a part of the diagram', () => {
  expect(calmDiagrams('> ```mermaid\n> graph LR\n```\n> A["<img>"]')).not.toContain('mermaid');
});

test('renderers of other extensions get charts that hold their data, and no views', () => {
  const chart = { $schema: 'https://a.example', mark: 'bar', data: { values: [{ a: 1, b: 'x' }] } };
  const given = {
    'text/html': '<b>x</b>',
    'image/png': 'AAAA',
    'application/vnd.vegalite.v5+json': chart,
    'application/vnd.vega.v5+json': { ...chart, data: { url: 'd.csv' } },
    'application/vnd.vegalite.v4+json': JSON.stringify(chart),
    'application/vnd.vegalite.v6+json': { ...chart, usermeta: { embedOptions: {} } },
    'application/vnd.plotly.v1+json': { layout: { images: [{ x: '//a.example/x.png' }] } },
    'application/vnd.jupyter.widget-view+json': { model_id: 'x' },
    'application/vnd.agentkit.trace+json': {},
    'text/vnd.mermaid': 'graph LR\nA@{ img: "x" }',
    'video/mp4': 'AAAA',
  };
  expect(Object.keys(calmTypes(given))).toEqual([
    'text/html',
    'image/png',
    'application/vnd.vegalite.v5+json',
  ]);
});
