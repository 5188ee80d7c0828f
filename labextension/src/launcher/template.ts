import { UUID } from '@lumino/coreutils';
import { trans } from '../view/words';

/** A cell of the notebook format. */
interface Cell {
  readonly cell_type: 'code' | 'markdown';
  readonly id: string;
  readonly source: string;
  readonly metadata: object;
  readonly outputs?: readonly unknown[];
  readonly execution_count?: null;
}

/** The kernel that a new notebook is run with. */
export interface KernelSpec {
  readonly name: string;
  readonly display_name: string;
  readonly language: string;
}

/** A short notebook to begin with: a tool, an agent that has it, a question. */
export function template(kernel: KernelSpec | undefined): object {
  const cells = [
    markdown(
      trans.__('# An agent'),
      '',
      trans.__(
        'An agent answers by calling functions, step by step. Run the cells from the top. As long as no model is configured, the answer comes from the **simulated** demo model: it needs no key and no network, picks functions by the words of the question, and says that it is simulated. The functions and their results are real.',
      ),
    ),
    code('from jupyter_agentkit import Agent, tool'),
    markdown(
      trans.__(
        'A typed function with a docstring is a tool. It runs here, in this kernel, and sees the variables of this notebook.',
      ),
    ),
    code(
      'sales = {"North": 9874, "South": 12345, "East": 8403, "West": 9012}',
      '',
      '',
      '@tool',
      'def sales_by_region() -> dict[str, int]:',
      '    """Sales of each region, in thousands."""',
      '    return sales',
    ),
    markdown(
      trans.__(
        'Name a model to ask a real one, such as `Agent("analyst", tools=[sales_by_region], model="openai:gpt-5.4-mini")`.',
      ),
    ),
    code(
      'agent = Agent("analyst", tools=[sales_by_region])',
      '',
      'run = agent.run("Which region has the highest sales?")',
      'run',
    ),
  ];
  return {
    cells,
    metadata: kernel === undefined ? {} : { kernelspec: kernel },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

function markdown(...lines: string[]): Cell {
  return { cell_type: 'markdown', id: UUID.uuid4(), source: lines.join('\n'), metadata: {} };
}

function code(...lines: string[]): Cell {
  const source = lines.join('\n');
  return {
    cell_type: 'code',
    id: UUID.uuid4(),
    source,
    metadata: {},
    outputs: [],
    execution_count: null,
  };
}
