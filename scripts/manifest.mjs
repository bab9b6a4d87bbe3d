// `npm run docs`: writes what package.json and package.nls.json have of commands from client/commands/table.ts.
//
//   node scripts/manifest.mjs            writes both
//   node scripts/manifest.mjs --check    exits with 1 when one of them is not what the table has
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(fileURLToPath(import.meta.url), '../..');
const { commandTable, commandId, contexts, views } = await loadTable();
const rows = Object.entries(commandTable).map(([name, row]) => ({ name, id: commandId(name), ...row }));

const TRUSTED = 'isWorkspaceTrusted';
/** The conditions of `offered`. */
const offers = {
  always: [],
  withProject: [`${contexts.projectCount} > 0`],
  withoutQemu: [contexts.qemuMissing],
};

const manifest = read('package.json');
const words = Object.entries(read('package.nls.json')).filter(([key]) => !key.startsWith('command.'));
const titles = rows.map(({ name, title }) => [`command.${name}`, title]);
write('package.json', {
  ...manifest,
  contributes: { ...manifest.contributes, commands: rows.map(commandOf), menus: menus() },
});
write('package.nls.json', Object.fromEntries([...words, ...titles]));

/** Node 20 reads no TypeScript, so esbuild reads it for us. */
async function loadTable() {
  const contents = `export { commandTable } from './client/commands/table.ts';
    export { commandId, contexts, views } from './client/ids.ts';`;
  const options = { bundle: true, format: 'esm', write: false, absWorkingDir: root };
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: root } });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function commandOf({ id, name, icon, needsTrust }) {
  return {
    command: id,
    title: `%command.${name}%`,
    category: 'Castra',
    ...(icon ? { icon: `$(${icon})` } : {}),
    ...(needsTrust ? { enablement: `${TRUSTED} && !virtualWorkspace` } : {}),
  };
}

function menus() {
  const placed = rows.flatMap((row) => (row.places ?? []).map((place) => ({ row, place })));
  const entries = (...kinds) =>
    placed
      .filter(({ place }) => kinds.includes(place.in))
      .map(({ row, place }) => ({ command: row.id, when: placeWhen(row, place), group: place.group }));
  return {
    'view/title': entries('view'),
    'view/item/context': entries('vm', 'project', 'port', 'port.open', 'log'),
    commandPalette: rows
      .filter(({ offered }) => offered !== 'always')
      .map(({ id, offered }) => ({ command: id, when: offers[offered].join(' && ') })),
    'editor/title': entries('editor'),
  };
}

/** When a place has the command. The palette shows what needs trust greyed; menus leave it out. */
function placeWhen({ needsTrust, offered }, place) {
  const trusted = needsTrust ? [TRUSTED] : [];
  const inView = [`view == ${views.vms}`, ...trusted];
  switch (place.in) {
    case 'editor':
      return ['resourceFilename == castra.toml', ...trusted].join(' && ');
    case 'view':
      return [...inView, ...offers[offered]].join(' && ');
    default:
      return [...inView, viewItemWhen(place)].join(' && ');
  }
}

/** `viewItem` is the row's contextValue: `vm.` and its state, or what the place is called. */
function viewItemWhen({ in: kind, states }) {
  if (kind === 'project' || kind === 'port.open') return `viewItem == ${kind}`;
  if (states === undefined) return `viewItem =~ /^${kind}\\./`;
  return states.length === 1 ? `viewItem == vm.${states[0]}` : `viewItem =~ /^vm\\.(${states.join('|')})$/`;
}

function read(name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

function write(name, value) {
  const path = join(root, name);
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    console.error(
      `${name} has other commands than client/commands/table.ts. Change the table and run \`npm run docs\`.`,
    );
    process.exitCode = 1;
  }
}
