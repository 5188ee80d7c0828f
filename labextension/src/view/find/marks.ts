const FOUND = 'agentkit-found';
const HERE = 'agentkit-found-here';

/** More are not marked: nobody looks at them all, and each costs the page something. */
const MOST = 500;

/** The look of the marks: they are styled where the text is, in and outside of the shadow root. */
export const MARKS = `
::highlight(${FOUND}) { background: color-mix(in srgb, #ffd54a 55%, transparent); color: inherit; }
::highlight(${HERE}) { background: #ff9632; color: #000; }
`;

/** Marks text that was found, without touching what holds it. */
export class Marks {
  private readonly marked = new Map<string, AbstractRange[]>();

  constructor(private readonly view: Element) {}

  /** Marks a query in these lines of the view; `here` is the one that the reader was led to. */
  show(query: string, lines: Iterable<Element>, here: Element | undefined): void {
    this.clear();
    if (typeof Highlight === 'undefined' || query.trim() === '') return;
    for (const line of lines) {
      const name = line === here ? HERE : FOUND;
      const ranges = [line, ...this.slotted(line)].flatMap(root => rangesIn(root, query));
      this.marked.set(name, [...(this.marked.get(name) ?? []), ...ranges.slice(0, MOST)]);
    }
    for (const [name, ranges] of this.marked) {
      // A page may show several runs, and has one set of marks of a name.
      const shared = CSS.highlights.get(name) ?? new Highlight();
      for (const range of ranges) shared.add(range);
      CSS.highlights.set(name, shared);
    }
  }

  clear(): void {
    for (const [name, ranges] of this.marked)
      for (const range of ranges) CSS.highlights.get(name)?.delete(range);
    this.marked.clear();
  }

  private slotted(line: Element): Element[] {
    const slots = [...line.querySelectorAll('slot')];
    return [...this.view.children].filter(part =>
      slots.some(slot => slot.name !== '' && slot.name === part.slot),
    );
  }
}

/** Where a text stands in an element, also across the elements inside it. */
function rangesIn(root: Element, query: string): AbstractRange[] {
  const nodes: { readonly node: Text; readonly from: number }[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let text = '';
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    nodes.push({ node: node as Text, from: text.length });
    text += small((node as Text).data);
  }
  const wanted = small(query);
  const ranges: AbstractRange[] = [];
  let nth = 0;
  const point = (at: number): [Text, number] | undefined => {
    while ((nodes[nth + 1]?.from ?? Number.POSITIVE_INFINITY) <= at) nth += 1;
    const found = nodes[nth];
    return found && [found.node, at - found.from];
  };
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    const start = point(at);
    const end = point(at + wanted.length - 1);
    if (start === undefined || end === undefined || ranges.length === MOST) break;
    const range = document.createRange();
    range.setStart(...start);
    range.setEnd(end[0], end[1] + 1);
    ranges.push(range);
  }
  return ranges;
}

/** In small letters, where that keeps every letter's place. */
function small(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}
