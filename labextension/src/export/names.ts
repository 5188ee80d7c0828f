/** `run.agenttrace.json`, or `run-1.agenttrace.json` where that is taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  const dot = name.indexOf('.');
  const [stem, ending] = [name.slice(0, dot), name.slice(dot)];
  let free = name;
  for (let number = 1; taken.has(free); number += 1) free = `${stem}-${number}${ending}`;
  return free;
}
