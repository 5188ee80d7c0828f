import { cost, thousands } from '../format';
import { trans } from '../words';
import { fields, number } from './read';

/** What models were asked to read and write, and what that cost. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In US dollars; absent as soon as one part of it is unknown. */
  readonly cost: number | undefined;
}

/** A usage as the contract writes it; nothing for a value that is none. */
export function usageOf(value: unknown): Usage | undefined {
  const told = fields(value);
  const inputTokens = number(told.input_tokens);
  const outputTokens = number(told.output_tokens);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cost: number(told.cost),
  };
}

/** Both together. */
export function sum(before: Usage | undefined, more: Usage): Usage {
  if (before === undefined) return more;
  const known = before.cost !== undefined && more.cost !== undefined;
  return {
    inputTokens: before.inputTokens + more.inputTokens,
    outputTokens: before.outputTokens + more.outputTokens,
    cost: known ? (before.cost ?? 0) + (more.cost ?? 0) : undefined,
  };
}

/** "1,290 tokens"; '' where nothing is known. */
export function tokensText(usage: Usage | undefined): string {
  if (usage === undefined) return '';
  const amount = usage.inputTokens + usage.outputTokens;
  return trans._n('%2 token', '%2 tokens', amount, thousands(amount));
}

/** "$0.0123"; '' where it is not known. */
export function costText(usage: Usage | undefined): string {
  return usage?.cost === undefined ? '' : cost(usage.cost);
}

/** "1,240 tokens read · 50 written · $0.0123", for who points at a figure. */
export function spentText(usage: Usage | undefined): string {
  if (usage === undefined) return '';
  const { inputTokens, outputTokens } = usage;
  const read = thousands(inputTokens);
  const tokens = trans.__('%1 tokens read · %2 written', read, thousands(outputTokens));
  return [tokens, costText(usage)].filter(part => part !== '').join(' · ');
}
