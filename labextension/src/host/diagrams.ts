const FENCE = /^(.*?)([`~]{3,})[^\S\r\n]*mermaid[^\S\r\n]*$/;
/** HTML other than a line's end, settings, pictures, addresses, escapes: what Mermaid would load or obey. */
const RISKY =
  /<(?!br\s*\/?>)[a-z/!?]|%%\s*\{|@\s*\{|---\s*$|url\s*\(|image(-set)?\s*\(|\/\/|\\|[#&]\w+;|&#/im;

/** Whether Mermaid's drawing of it loads nothing. While it draws, it writes labels into the page itself. */
export function isCalm(diagram: string): boolean {
  return !RISKY.test(diagram);
}

/** Markdown in which every diagram that could load something is shown as its text. */
export function calmDiagrams(markdown: string): string {
  if (!markdown.includes('mermaid')) return markdown;
  const lines = markdown.split(/\r\n|[\r\n\u2028\u2029]/);
  return lines
    .map((line, at) => {
      const [, before, fence] = FENCE.exec(line) ?? [];
      if (before === undefined || fence === undefined) return line;
      return isCalm(bodyOf(lines, at + 1, before, fence)) ? line : `${before}${fence}text`;
    })
    .join('\n');
}

/** At least all that a reader of Markdown takes for the fence's inside: in a list or a quotation, all that follows. */
function bodyOf(lines: readonly string[], from: number, before: string, fence: string): string {
  const closing = new RegExp(`^ {0,3}${fence}[\`~]* *$`);
  const end =
    before.trim() === '' ? lines.findIndex((line, at) => at >= from && closing.test(line)) : -1;
  return lines.slice(from, end === -1 ? undefined : end).join('\n');
}
