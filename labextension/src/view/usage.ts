import { cost, thousands } from './format';
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
  return usage === undefined ? '' : `${thousands(usage.inputTokens + usage.outputTokens)} tokens`;
}

/** "$0.0123"; '' where it is not known. */
export function costText(usage: Usage | undefined): string {
  return usage?.cost === undefined ? '' : cost(usage.cost);
}

/** "1,240 tokens read · 50 written · $0.0123", for who points at a figure. */
export function spentText(usage: Usage | undefined): string {
  if (usage === undefined) return '';
  const tokens = `${thousands(usage.inputTokens)} tokens read · ${thousands(usage.outputTokens)} written`;
  return [tokens, costText(usage)].filter(part => part !== '').join(' · ');
}
