import { fields, json, text } from '../state/read';
import { isTranslated, trans } from '../words';

/** A row's title: "Reading" + "data.csv", and what else the call was given, on one line. */
export interface Title {
  readonly verb: string;
  readonly object: string;
  /** The object is a name out of code, to be set as such. */
  readonly isName: boolean;
  readonly details: string;
}

/** `wanted`: it is to be done, or was to be, and was not. */
export type Tense = 'wanted' | 'going on' | 'over';

// "verb going-on over"; tools are named with verbs, and English makes their forms unevenly. The twin of
// the list in `agentkit/trace/titles.py`, which a test holds to this one.
const VERBS = new Map(
  `activate activating activated|add adding added|analyse analysing analysed|analyze analyzing analyzed|
answer answering answered|ask asking asked|build building built|calculate calculating calculated|
check checking checked|clean cleaning cleaned|compare comparing compared|compute computing computed|
convert converting converted|copy copying copied|count counting counted|create creating created|
delete deleting deleted|describe describing described|download downloading downloaded|
draw drawing drew|edit editing edited|estimate estimating estimated|evaluate evaluating evaluated|
execute executing executed|explain explaining explained|extract extracting extracted|
fetch fetching fetched|filter filtering filtered|find finding found|fit fitting fitted|
forecast forecasting forecast|get getting got|group grouping grouped|insert inserting inserted|
inspect inspecting inspected|install installing installed|join joining joined|list listing listed|
load loading loaded|make making made|measure measuring measured|merge merging merged|
move moving moved|open opening opened|parse parsing parsed|plot plotting plotted|
predict predicting predicted|query querying queried|rank ranking ranked|read reading read|
remove removing removed|rename renaming renamed|render rendering rendered|run running ran|
save saving saved|search searching searched|select selecting selected|send sending sent|
show showing showed|sort sorting sorted|start starting started|stop stopping stopped|
sum summing summed|summarise summarising summarised|summarize summarizing summarized|
test testing tested|train training trained|translate translating translated|
update updating updated|upload uploading uploaded|validate validating validated|
view viewing viewed|wait waiting waited|write writing wrote`
    .split('|')
    .map(line => line.trim().split(' ') as [string, string, string])
    .map(([verb, goingOn, over]) => [
      verb,
      { wanted: capital(verb), 'going on': capital(goingOn), over: capital(over) },
    ]),
);

/** What stands before a tool's own name. */
function callWord(tense: Tense): string {
  if (tense === 'wanted') return trans.__('Call');
  return tense === 'over' ? trans.__('Called') : trans.__('Calling');
}

/** Words that say no more than the argument itself: `read_file(path="data.csv")` reads data.csv. */
const PLAIN_OBJECTS = new Set(
  'cell code directory document file files folder notebook page path skill text url web'.split(' '),
);
const COUNTED = new Set('cell document file folder notebook page skill'.split(' '));
const NAMING_ARGUMENTS = 'path file file_path filename filepath url query'.split(' ');

/** Words that are not written as they stand in a name. */
const SPELLED = new Map(
  ['API', 'CSV', 'HTML', 'JSON', 'MCP', 'PDF', 'Python', 'SQL', 'URL', 'XML', 'YAML'].map(word => [
    word.toLowerCase(),
    word,
  ]),
);

const NAME_CHARS = 80;
const DETAIL_CHARS = 60;
const DETAILS_CHARS = 160;

export function toolTitle(name: string, args: unknown, tense: Tense): Title {
  const words = wordsOf(name);
  const forms = formsOf(words[0]);
  if (forms === undefined || words.length < 2) {
    return {
      verb: callWord(tense),
      object: oneLine(name, NAME_CHARS) || trans.__('a tool'),
      isName: name !== '',
      details: detailsOf(args),
    };
  }
  const verb = forms[tense];
  const rest = words.slice(1);
  const naming = rest.every(word => PLAIN_OBJECTS.has(word)) ? namingArgument(args) : undefined;
  if (naming !== undefined) {
    return { verb, object: naming.value, isName: true, details: detailsOf(args, naming.key) };
  }
  const object = rest.map(word => SPELLED.get(word) ?? word).join(' ');
  return { verb, object, isName: false, details: detailsOf(args) };
}

/**
 * The forms of an English verb.
 *
 * A tool's name is English, and no other language can be made of it word by word: there a title is
 * the name itself, as code, after "Called" in that language.
 */
function formsOf(verb = ''): Readonly<Record<Tense, string>> | undefined {
  return isTranslated() ? undefined : VERBS.get(verb);
}

/** Tools whose names say that something is different afterwards. */
const CHANGING = new Set(
  `activate add clean copy create delete edit execute insert install merge move remove rename run save send start
stop train update upload write`.split(/\s+/),
);

export function changesThings(name: string): boolean {
  return CHANGING.has(wordsOf(name)[0] ?? '');
}

/** The title of several calls of one tool: "Read 6 files", "Called tick 5 times". */
export function timesTitle(name: string, times: number): Title {
  const [first = '', ...rest] = wordsOf(name);
  const verb = formsOf(first)?.over;
  const [object = ''] = rest;
  if (verb !== undefined && rest.length === 1 && COUNTED.has(object)) {
    return { verb, object: `${times} ${object}s`, isName: false, details: '' };
  }
  return { ...toolTitle(name, {}, 'over'), details: trans._n('%1 time', '%1 times', times) };
}

/** A run calls few tools many times. */
const WORDS_OF = new Map<string, readonly string[]>();
const REMEMBERED = 500;

/** `filesystem__readFile` → read, file. What stands before a double underscore names the server. */
function wordsOf(name: string): readonly string[] {
  const known = WORDS_OF.get(name);
  if (known !== undefined) return known;
  const words = parted(name);
  if (WORDS_OF.size < REMEMBERED) WORDS_OF.set(name, words);
  return words;
}

function parted(name: string): string[] {
  const own = name.split('__').at(-1) ?? name;
  const spaced = own.replace(/([a-z0-9])([A-Z])/g, '$1 $2');
  return spaced
    .split(/[\s_.\-/]+/)
    .filter(word => word !== '')
    .map(word => (/^[A-Z0-9]{2,}$/.test(word) ? word : word.toLowerCase()));
}

function namingArgument(args: unknown): { key: string; value: string } | undefined {
  const given = fields(args);
  for (const key of NAMING_ARGUMENTS) {
    const value = given[key];
    if (typeof value === 'string' && value.trim() !== '')
      return { key, value: oneLine(value, NAME_CHARS) };
  }
  return undefined;
}

/** The arguments on one line: a lone one as it is, several with their names. */
export function detailsOf(args: unknown, left_out?: string): string {
  const entries = Object.entries(fields(args)).filter(([key]) => key !== left_out);
  const [only] = entries;
  if (only === undefined) {
    return typeof args === 'string' || Array.isArray(args)
      ? oneLine(text(args), DETAILS_CHARS)
      : '';
  }
  if (entries.length === 1 && left_out === undefined) return shortOf(only[1], DETAILS_CHARS);
  const parts = entries.map(([key, value]) => `${key}: ${shortOf(value, DETAIL_CHARS)}`);
  return oneLine(parts.join(', '), DETAILS_CHARS);
}

function shortOf(value: unknown, limit: number): string {
  return oneLine(typeof value === 'string' ? value : json(value), limit);
}

/** The first line that says something, cut where it gets long. */
export function oneLine(value: string, limit: number): string {
  // Looking at the start alone keeps a huge value as cheap as a small one.
  const start = value.slice(0, limit * 4).trim();
  const line = start.split('\n', 1)[0]?.trimEnd() ?? '';
  const cut = line.length > limit || line.length < start.length || value.length > limit * 4;
  if (!cut) return line;
  return line.length > limit ? `${line.slice(0, limit).trimEnd()}…` : `${line} …`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
