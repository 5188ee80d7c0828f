/** Traces that no run has left: what is rare, long, or from elsewhere, to look at. */

type Event = Readonly<Record<string, unknown>>;

const BEGAN = Date.parse('2026-11-23T13:02:04.120Z');

/** A trace of these events, half a second apart unless one says how many ms it takes. */
function made(
  about: { readonly agent?: string; readonly input: string } & Event,
  events: readonly Event[],
) {
  let at = BEGAN;
  const { agent = 'analyst', input, ...more } = about;
  const started = { event_type: 'run_started', agent, input, model: 'gpt-5.2', provider: 'openai' };
  const ended = { event_type: 'run_finished', status: 'completed' };
  const told = [started, ...events, ended].map(({ after = 500, ...event }: Event, index) => {
    at += Number(after);
    return { seq: index + 1, step: 1, ts: new Date(at).toISOString(), ...event };
  });
  return {
    version: 1,
    task_id: `made-${input.length}-${events.length}`,
    agent,
    input,
    status: 'completed',
    simulated: false,
    started_at: new Date(BEGAN).toISOString(),
    finished_at: new Date(at).toISOString(),
    usage: null,
    result: null,
    error: null,
    events: told,
    ...more,
  };
}

let calls = 0;

/** A call and how it ended. */
function call(tool_name: string, args: unknown, result: Event, more: Event = {}): Event[] {
  const tool_call_id = `made-${++calls}`;
  const asked = { tool_call_id, tool_name, arguments: args, runs_in: 'kernel', ...more };
  return [
    { event_type: 'tool_call', ...asked },
    { event_type: 'tool_result', tool_call_id, outcome: 'success', duration_ms: 480, ...result },
  ];
}

const answer = (text: string): Event => ({ event_type: 'final_answer', text });
const plain = (text: string): Event => ({ content: { 'text/plain': text } });

const ROWS = Array.from({ length: 120 }, (_, row) => row);
const COLUMNS = Array.from({ length: 24 }, (_, column) => `measure_${column + 1}`);
const HUGE_TABLE = `<table><thead><tr><th></th>${COLUMNS.map(name => `<th>${name}</th>`).join('')}</tr></thead><tbody>${ROWS.map(
  row =>
    `<tr><th>${row}</th>${COLUMNS.map((_, column) => `<td>${(row * 7919 + column * 104729) % 100_000}</td>`).join('')}</tr>`,
).join('')}</tbody></table>`;

const WORD = 'Donaudampfschifffahrtsgesellschaftskapitän';
const LONG = `${WORD.repeat(6)}_${'x'.repeat(300)}`;

const LINES = Array.from({ length: 40 }, (_, line) => `row_${line} = load("part-${line}.csv")`);
const CHANGED = LINES.map((line, index) =>
  [3, 21, 22].includes(index) ? line.replace('load', 'read_csv') : line,
).filter((_, index) => index !== 30);

export const MADE: Readonly<Record<string, unknown>> = {
  'made: nothing happened': made({ input: '' }, []),
  'made: an empty document': {},
  'made: reads in a row, and one that changed something': made(
    { input: 'Compare the files of each month.' },
    [
      ...[1, 2, 3, 4, 5, 6].flatMap(month =>
        call(
          'read_file',
          { path: `data/2025-0${month}.csv` },
          plain(`region,total\nNorth,${month}00`),
        ),
      ),
      ...call('write_file', { path: 'out/summary.csv', content: 'a,b' }, plain('18 bytes')),
      ...[1, 2, 3].flatMap(() => call('tick', {}, plain('ok'))),
      answer('All six agree.'),
    ],
  ),
  'made: edits of a notebook': made({ agent: 'editor', input: 'Use read_csv everywhere.' }, [
    ...call(
      'edit_cell',
      { cell_id: '4f1c', source: CHANGED.join('\n') },
      {
        content: {
          'text/plain': 'Edited',
          'application/vnd.agentkit.edit+json': {
            path: 'analysis/2025/sales.ipynb',
            cell_id: '4f1c',
            kind: 'edit',
            before: LINES.join('\n'),
            after: CHANGED.join('\n'),
          },
        },
      },
    ),
    ...call(
      'insert_cell',
      { source: 'df.head()' },
      {
        content: {
          'application/vnd.agentkit.edit+json': {
            path: 'sales.ipynb',
            cell_id: '77ab',
            kind: 'insert',
            before: '',
            after: 'df.head()',
          },
        },
      },
    ),
    answer('Done; three loads read CSV files now.'),
  ]),
  'made: long texts': made(
    {
      agent: `The agent of the department for ${WORD} and ${WORD}`,
      input: `${'Please look at every file there is and say what is different between them. '.repeat(12)}\n\n${LONG}`,
    },
    [
      {
        event_type: 'thinking',
        message_id: 't',
        text: `${'I should be careful here. '.repeat(60)}\n${LONG}`,
      },
      {
        event_type: 'message',
        message_id: 'm',
        text: `I begin with \`${LONG}\`, then **${WORD}**.`,
      },
      ...call('read_file', { path: `/home/ada/${LONG}/data.csv` }, plain(LONG)),
      ...call(
        `describe_${'very_'.repeat(30)}long_name`,
        { [LONG]: LONG },
        plain('a\n'.repeat(400)),
      ),
      ...call(
        'run_python',
        { code: LINES.join('\n').repeat(4) },
        {
          outcome: 'failed',
          content: {
            'text/plain': `Traceback (most recent call last)\n${'  File "cell.py", line 1\n'.repeat(30)}`,
          },
          error: { message: `ValueError: ${LONG}`, reason: 'tool_failed' },
        },
      ),
      { event_type: 'warning', message: `A warning that goes on: ${LONG}`, reason: 'truncated' },
      answer(
        `# A heading\n\n${'A paragraph of an answer that is long. '.repeat(20)}\n\n> A quotation\n\n1. one\n2. two\n\n\`\`\`python\n${LINES.slice(0, 6).join('\n')}\n\`\`\`\n\n| region | ${COLUMNS.slice(0, 12).join(' | ')} |\n| --- |${' --- |'.repeat(12)}\n| North |${' 1234 |'.repeat(12)}\n\n[A link](https://example.org/${LONG})`,
      ),
    ],
  ),
  'made: from right to left, with emoji': made(
    { agent: 'المحلل', input: 'أي منطقة نمت أكثر من غيرها بين عامي 2024 و2025؟ 📈' },
    [
      { event_type: 'thinking', message_id: 't', text: 'أحتاج إلى مجموع السنتين أولاً.' },
      { event_type: 'message', message_id: 'm', text: 'אני אבדוק את הסכומים של שתי השנים. 🔎' },
      ...call('read_file', { path: 'بيانات/مبيعات.csv' }, plain('المنطقة,المجموع')),
      ...call('region_total', { region: 'الشمال 🧭' }, plain("'٩٨٧٤'")),
      answer(
        '**الشرق** نما أكثر: ارتفعت مبيعاته بنسبة `35.1 %`. 👩🏽‍🔬👨‍👩‍👧‍👦🇺🇳\n\n- أولاً\n- ثانيًا',
      ),
    ],
  ),
  'made: a huge table and a figure': made({ input: 'Show the whole table.' }, [
    ...call(
      'load_table',
      {},
      {
        content: {
          'text/html': HUGE_TABLE,
          'text/plain': 'measure_1 …\n\n[120 rows x 24 columns]',
        },
      },
    ),
    ...call(
      'draw_plot',
      { kind: 'bar' },
      {
        content: {
          'image/svg+xml':
            '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="160"><g fill="#4c78a8"><rect x="20" y="60" width="80" height="90"/><rect x="140" y="20" width="80" height="130"/><rect x="260" y="90" width="80" height="60"/></g></svg>',
          'text/plain': '<Figure>',
        },
      },
    ),
    ...call(
      'load_table',
      { name: 'wide' },
      {
        content: { 'application/json': { deep: [{ a: 1 }, { b: LINES }] } },
      },
    ),
    answer('There it is.'),
  ]),
  'made: calls that ended in each way': made(
    {
      input: 'Try everything.',
      status: 'failed',
      error: {
        message: 'The budget of 20 steps was used up.\nThe last step was not taken.',
        reason: 'limit',
      },
    },
    [
      ...call(
        'region_total',
        { region: 'Nroth' },
        {
          outcome: 'failed',
          content: { 'text/plain': "KeyError: 'Nroth'" },
          error: { message: "KeyError: 'Nroth'", reason: 'tool_failed' },
        },
      ),
      ...call(
        'run_command',
        { command: 'rm -r data' },
        {
          outcome: 'denied',
          content: {},
          error: { message: 'The policy of this server allows no commands.', reason: 'policy' },
        },
      ),
      ...call(
        'train_model',
        { epochs: 40 },
        {
          outcome: 'interrupted',
          content: {},
          error: { message: 'The kernel was restarted.', reason: 'kernel_gone' },
        },
        { runs_in: 'mcp' },
      ),
      ...call(
        'wait',
        { seconds: 5000 },
        { duration_ms: 5_000_000, ...plain('') },
        { runs_in: 'dask' },
      ),
      ...call('look', null, { content: {} }, { runs_in: 'server' }),
      {
        event_type: 'warning',
        message: 'openai answered 429 (too many requests); asked again',
        reason: 'retry',
      },
      {
        event_type: 'usage',
        provider: 'openai',
        model: 'gpt-5.2',
        input_tokens: 1240,
        output_tokens: 1,
        cost: 0.00002,
      },
      {
        event_type: 'tool_result',
        tool_call_id: 'unknown',
        outcome: 'success',
        content: { 'application/x-unknown': 'x' },
      },
    ],
  ),
  'made: of a later version': {
    ...made({ input: 'What does a later version say?' }, [
      { event_type: 'plan', steps: ['look', 'think'], hint: 'unknown here' },
      ...call('read_file', { path: 'data.csv' }, plain('a,b')),
      { event_type: '', note: 'an event without a name' },
      answer('As much as can be understood.'),
    ]),
    version: 2,
  },
  'made: a question and decisions': made({ input: 'Load the workbook.' }, [
    {
      event_type: 'input_requested',
      request_id: 'q1',
      question: 'Which **sheet** is it?',
      choices: ['Sales', 'Costs'],
    },
    {
      event_type: 'request_resolved',
      request_id: 'q1',
      decision: 'answer',
      value: 'Sales',
      by: 'ada',
    },
    {
      event_type: 'input_requested',
      request_id: 'q2',
      question: 'And how is it written?',
      schema: { type: 'object', properties: { decimal: { type: 'string' } } },
    },
    {
      event_type: 'request_resolved',
      request_id: 'q2',
      decision: 'answer',
      value: { decimal: ',', header_row: 3 },
      by: 'ada',
    },
    { event_type: 'input_requested', request_id: 'q3', question: 'Anything else?' },
    { event_type: 'request_resolved', request_id: 'q3', decision: 'deny', value: '', by: 'ada' },
    { event_type: 'input_requested', request_id: 'q4', question: 'Are you there?' },
    { event_type: 'request_resolved', request_id: 'q4', decision: 'expired', by: '' },
    {
      event_type: 'tool_call',
      tool_call_id: 'd1',
      tool_name: 'write_file',
      arguments: { path: 'a.txt', content: 'x' },
      runs_in: 'server',
    },
    {
      event_type: 'approval_requested',
      request_id: 'r1',
      tool_call_id: 'd1',
      tool_name: 'write_file',
      arguments: { path: 'a.txt', content: 'x' },
      reason: '',
    },
    {
      event_type: 'request_resolved',
      request_id: 'r1',
      decision: 'approve',
      value: { arguments: { path: 'b.txt', content: 'x\ny' }, always: true },
      by: 'ada',
    },
    {
      event_type: 'tool_result',
      tool_call_id: 'd1',
      outcome: 'success',
      duration_ms: 3,
      ...plain('3 bytes'),
    },
    {
      event_type: 'tool_call',
      tool_call_id: 'd2',
      tool_name: 'write_file',
      arguments: { path: 'c.txt' },
      runs_in: 'server',
    },
    {
      event_type: 'approval_requested',
      request_id: 'r2',
      tool_call_id: 'd2',
      tool_name: 'write_file',
      arguments: { path: 'c.txt' },
      reason: '',
    },
    { event_type: 'request_resolved', request_id: 'r2', decision: 'deny', by: 'on_ask' },
    { event_type: 'tool_result', tool_call_id: 'd2', outcome: 'denied', content: {} },
    answer('Loaded.'),
  ]),
};
