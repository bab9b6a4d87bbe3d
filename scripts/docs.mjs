// `npm run docs`: writes the pages of keys from the schemas that validation and editors use, and the page of commands
// from what `castra --help` says; the command line must have been built.
//
//   node scripts/docs.mjs            writes docs/castra-toml.md, docs/bootstrap-toml.md, docs/cli.md and a table of README.md
//   node scripts/docs.mjs --check    exits with 1 when one of them is not what its schema says
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '../..');

/** Of two digests one is enough, and both are an error. */
const NOT_TOGETHER = 'base_image_sha512';

const headOf = (name, words) => `# ${name}.toml

<!-- Written by \`npm run docs\` from runtime/config/${name}.schema.json: change the schema, not this page. -->

${words}
`;

const CASTRA = `Every table and key of \`castra.toml\`. Paths are relative to the file. An unknown key is a warning, any other mistake an error; [diagnostics.md](diagnostics.md) explains each.

\`castra schema\` prints the JSON Schema behind this page, for editors without Castra's own support. Taplo and Tombi find the schema through a first line such as \`#:schema ./castra.schema.json\`.`;

const BOOTSTRAP = `A \`bootstrap.toml\` beside the bootstrap script of a VM, by default in \`bootstrap/<vm>/\`, configures how the script runs. The file is optional, and so are its keys. Paths of this host are relative to the file. An unknown key is only a warning; [diagnostics.md](diagnostics.md) explains every diagnostic.

\`castra validate\` also checks these files. \`castra schema bootstrap\` prints the JSON Schema behind this page.`;

/** Of the page that is being written. */
let schema;
writeKeys('castra', CASTRA);
writeKeys('bootstrap', BOOTSTRAP);
writePage('docs/cli.md', commandsPage(), '`castra --help`');
writePage('README.md', readmeWithCommands(), '`castra --help`');

function writeKeys(name, words) {
  schema = JSON.parse(readFileSync(join(root, `runtime/config/${name}.schema.json`), 'utf8'));
  const page = [headOf(name, words), ...tablesOf(schema, []).map(describeTable)].join('\n');
  writePage(`docs/${name}-toml.md`, page, `${name}.schema.json`);
}

function writePage(name, page, source) {
  const path = join(root, name);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, page);
  } else if (readFileSync(path, 'utf8') !== page) {
    console.error(`${name} is not what ${source} says. Run \`npm run build\` and \`npm run docs\`.`);
    process.exitCode = 1;
  }
}

function commandsPage() {
  const head = `# The command line

<!-- Written by \`npm run docs\` from what \`castra … --help\` prints: change runtime/cli, not this page. -->

Every command, as its \`--help\` has it. [json.md](json.md) has what \`--json\` prints.
`;
  return [head, ...commandPaths([]).map(describeCommand)].join('\n');
}

function helpOf(words) {
  const command = [join(root, 'dist/cli.js'), ...words, '--help'];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`castra ${words.join(' ')} --help: ${stderr}`);
  return stdout;
}

/** A command and all below it, as the help of each lists them. */
function commandPaths(words) {
  const [, list = ''] = /^Commands:\n((?: .*\n?)+)/m.exec(helpOf(words)) ?? [];
  const names = [...list.matchAll(/^ {2}([^\s|]+)/gm)].map(([, name]) => name).filter((name) => name !== 'help');
  return [words, ...names.flatMap((name) => commandPaths([...words, name]))];
}

function describeCommand(words) {
  return [`## \`${['castra', ...words].join(' ')}\``, '', '```text', helpOf(words).trimEnd(), '```', ''].join('\n');
}

/** README.md with its table of commands: how each is called, and its description. */
function readmeWithCommands() {
  const rows = commandPaths([])
    .filter((words) => words.length === 1)
    .map((words) => {
      const [, usage, description] = /^Usage: (.*?)\n\n(.*?)\n\n/s.exec(helpOf(words));
      return [`\`${usage.replace(' [options]', '')}\``, description.replaceAll('\n', ' ')];
    });
  const table = tableOf([['command', 'what it does'], ...rows]).join('\n');
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return readme.replace(/(?<=<!-- Written by `npm run docs`[^\n]*\n\n)\|.*?\n(?=\n)/s, () => `${table}\n`);
}

/** A schema with its reference followed. */
function resolve(own) {
  const name = own.$ref?.split('/').at(-1);
  return name === undefined ? own : { ...schema.definitions[name], ...own };
}

/** The tables of a schema, outer ones first, each with its dotted name and how its header is written. */
function tablesOf(own, path, brackets = 1) {
  const table = resolve(own);
  const nested = Object.entries(table.properties ?? {}).flatMap(([key, value]) => {
    const target = resolve(value);
    if (target.properties) return tablesOf(target, [...path, key]);
    const items = target.items && resolve(target.items);
    return items?.properties ? tablesOf(items, [...path, key], 2) : [];
  });
  return [{ table, path, brackets }, ...nested];
}

function headerOf({ path, brackets }) {
  return `${'['.repeat(brackets)}${path.join('.')}${']'.repeat(brackets)}`;
}

function describeTable(place) {
  const { table, path } = place;
  const rows = Object.entries(table.properties).map(([key, own]) => rowOf(key, resolve(own), table, [...path, key]));
  const lines = [
    `## ${path.length === 0 ? 'Above the first table' : `\`${headerOf(place)}\``}`,
    '',
    table.description,
    '',
    ...tableOf([['key', 'type', 'default', 'meaning'], ...rows]),
    '',
    ...exampleOf(place),
  ];
  return lines.join('\n');
}

/** A table of Markdown with columns of equal width, as `npm run format` would make it. */
function tableOf(rows) {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const rule = widths.map((width) => '-'.repeat(width));
  const [head, ...body] = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column])));
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`);
}

function rowOf(key, own, table, path) {
  const isTable = own.properties !== undefined || (own.items && resolve(own.items).properties !== undefined);
  const name = isTable ? `[\`${key}\`](#${path.join('')})` : `\`${key}\``;
  const isRequired = table.required?.includes(key) ?? false;
  const { meaning, fallback } = isRequired ? { meaning: own.description, fallback: 'required' } : splitDefault(own);
  return [name, typeOf(own), fallback, [meaning, ...wordsOf(own, meaning)].join('<br>')];
}

/** A default that depends on another value is the last sentence of the description. */
function splitDefault({ description, default: fallback, properties, deprecated }) {
  const [, meaning, last] = /^(.*?) Default: (.*)\.$/.exec(description) ?? [];
  if (last !== undefined) return { meaning, fallback: last };
  if (fallback !== undefined) return { meaning: description, fallback: `\`${toToml(fallback)}\`` };
  if (!properties && !deprecated) throw new Error(`add a default to: ${description}`);
  return { meaning: description, fallback: properties ? 'its keys have defaults' : 'none' };
}

function typeOf({ type, enum: words, anyOf, minimum, maximum, items, properties, additionalProperties }) {
  const names = { object: 'table', array: 'array', integer: 'integer', string: 'string' };
  if (items) return `array of ${resolve(items).properties ? 'tables' : `${items.type}s`}`;
  if (properties) return 'table';
  if (additionalProperties) return `table of ${additionalProperties.type}s`;
  if (words || anyOf) return 'string';
  const limits =
    minimum === undefined ? '' : maximum === undefined ? `, from ${minimum}` : `, ${minimum} to ${maximum}`;
  return (
    [type ?? 'any']
      .flat()
      .map((each) => names[each] ?? each)
      .join(' or ') + limits
  );
}

/** The allowed values, each with what it means, unless that is said already. */
function wordsOf({ anyOf, ...own }, meaning) {
  const { enum: words = [], markdownEnumDescriptions: meanings = [] } = anyOf?.[0] ?? own;
  if (words.every((word) => meaning.includes(`\`${word}\``))) return [];
  return words.map((word, index) => `\`"${word}"\`: ${meanings[index]}`);
}

/** A table with the first example of each of its plain keys. */
function exampleOf(place) {
  const entries = Object.entries(place.table.properties).map(([key, own]) => [key, resolve(own)]);
  const lines = entries
    .filter(([key, { examples, items }]) => examples && key !== NOT_TOGETHER && !(items && resolve(items).properties))
    .map(([key, { examples }]) => `${key} = ${toToml(examples[0])}`);
  const header = place.path.length === 0 ? [] : [headerOf(place)];
  return lines.length === 0 ? [] : ['```toml', ...header, ...lines, '```', ''];
}

/** JSON strings and numbers are TOML too. */
function toToml(value) {
  if (Array.isArray(value)) return `[${value.map(toToml).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, own]) => `${key} = ${toToml(own)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
