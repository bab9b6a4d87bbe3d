import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';

const MAX_LINES = 400;

interface Rule {
  /** Of the first rule that matches a file. */
  readonly files: RegExp;
  /** What it may import, as a path from the root of the repository or as the name of a module. */
  readonly values: RegExp;
  /** What it may import types from besides. */
  readonly types?: RegExp;
  readonly why: string;
}

const CORE = 'runtime/contract/.+';
const LANGUAGE = 'smol-toml|castra:schema-validator';
const NODE = 'node:.+';
const LIBRARIES = 're2js|undici|xz-decompress|fzstd|xxhash-wasm|ssh2';
const any = (...patterns: string[]) => new RegExp(`^(?:${patterns.join('|')})$`);

const RULES: readonly Rule[] = [
  {
    files: any('runtime/ambient\\.d\\.ts'),
    values: any(),
    why: 'it declares what esbuild.mjs provides and needs nothing',
  },
  {
    files: any(CORE),
    values: any(CORE),
    types: any('runtime/config/project\\.ts'),
    why: 'these words are shared with programs and web pages that have no Node',
  },
  {
    files: any('runtime/config/discover\\.ts'),
    values: any('runtime/config/.+', CORE, 'node:path', 'node:fs'),
    types: any(CORE),
    why: 'the only file of the config pipeline that looks at the disk',
  },
  {
    files: any('runtime/config/.+'),
    values: any('runtime/config/(?!discover).+', CORE, LANGUAGE, 'node:path', 'node:crypto'),
    types: any('runtime/state/record\\.ts'),
    why: 'text in, project and diagnostics out: it runs in an editor as well as in a command',
  },
  {
    files: any('runtime/(?:process|logs)/.+'),
    values: any('runtime/(?:process|logs)/.+', CORE, NODE),
    why: 'it knows processes and files, not projects and VMs',
  },
  {
    files: any('runtime/state/.+'),
    values: any('runtime/(?:state|process)/.+', CORE, NODE),
    types: any('runtime/config/project\\.ts'),
    why: 'whoever wants to know what runs must not have to load what starts it',
  },
  ...[
    { folder: 'vm' },
    { folder: 'disks' },
    { folder: 'images', uses: '|disks' },
    { folder: 'seed' },
    { folder: 'ssh' },
    { folder: 'broker' },
  ].map(({ folder, uses = '' }) => ({
    files: any(`runtime/${folder}/.+`),
    values: any(`runtime/(?:${folder}|state|process|logs${uses})/.+`, CORE, NODE, LIBRARIES),
    types: any('runtime/config/project\\.ts'),
    why: 'these do not know each other, nor who calls them: operations put them together',
  })),
  {
    files: any('runtime/guest/.+'),
    values: any('runtime/guest/.+'),
    why: 'it is text for another machine',
  },
  {
    files: any('runtime/bootstrap/.+'),
    values: any(
      'runtime/(?:bootstrap|ssh|state|process|logs)/.+',
      'runtime/config/bootstrap/(?:bootstrapSteps|remoteDir)\\.ts',
      CORE,
      NODE,
      'tar/header',
    ),
    types: any('runtime/config/(?:project|bootstrap/analyzeBootstrap)\\.ts'),
    why: 'it knows one guest and how to log in to it, not projects and who else waits',
  },
  {
    files: any('runtime/(?:operations/.+|library/.+|api\\.ts)'),
    values: any('runtime/(?!cli/).+', NODE, LANGUAGE),
    why: 'a library caller has no terminal and no command line',
  },
  {
    files: any(
      'client/(?:commands/(?:table|webPort)|foundPaths|fleet/(?:failures|hear|looks|paced|reduce|rowState|state|view)|language/oneSession|cli/(?:cause|decode|reason|runner|turns|windowWords)|ids|say|views/vmItem)\\.ts',
    ),
    values: any(
      'client/(?:commands/table|foundPaths|fleet/(?:failures|hear|looks|paced|reduce|rowState|state|view)|language/oneSession|cli/(?:decode|reason|windowWords)|ids|say|views/vmItem)\\.ts',
      CORE,
      NODE,
    ),
    types: any('runtime/.+'),
    why: 'what needs no VS Code is tested without it',
  },
  {
    files: any(
      'client/(?:logs/log(?:Follow|Text)|console/serialSession|terminal/(?:launcher(?:Files)?|commandLink)|tasks/taskPlan)\\.ts',
    ),
    values: any(
      'client/(?:ids|terminal/launcher|logs/logText)\\.ts',
      'runtime/(?:logs/.+|state/files\\.ts|process/pause\\.ts)',
      CORE,
      NODE,
    ),
    why: 'what needs no VS Code is tested without it',
  },
  {
    files: any('client/.+'),
    values: any(
      'client/.+',
      CORE,
      'runtime/(?:config|state|logs|seed)/.+',
      'runtime/operations/(?:console|status|ssh/sshFiles)\\.ts',
      'runtime/process/(?:environment|identity|pause|portOwner)\\.ts',
      'runtime/vm/(?:console|host/ports|host/qemu)\\.ts',
      'server/protocol\\.ts',
      NODE,
      'vscode',
      'vscode-languageclient/node',
    ),
    types: any('runtime/.+'),
    why: 'what changes the machine runs in the command line, not in the extension host',
  },
  {
    files: any('server/main\\.ts'),
    values: any('server/server\\.ts', 'node:(?:path|url)', 'vscode-languageserver/node'),
    why: 'the entry only connects',
  },
  {
    files: any('server/.+'),
    values: any(
      'server/.+',
      'runtime/config/(?!discover).+',
      CORE,
      'node:(?:path|url|os|fs/promises)',
      'vscode-languageserver',
      'vscode-languageserver-textdocument',
    ),
    types: any(CORE, 'node:fs'),
    why: 'it reads text and says what it means: it starts no process and opens no socket',
  },
  {
    files: any('runtime/cli/.+'),
    values: any('runtime/.+', NODE, 'commander', 'log-update'),
    why: 'the terminal face may use all of the runtime, and nothing of the tests',
  },
];

interface Import {
  readonly target: string;
  readonly isType: boolean;
}

/** The imports of a file; relative ones as paths from the root of the repository. */
function readImports(path: string, source: string): Import[] {
  const statements =
    /^(?:import|export)\s+(type\s)?([^'";]*?from\s*)?'([^']+)'|\bimport\((?:\/\*.*?\*\/)?\s*'([^']+)'\s*\)/gm;
  return [...source.matchAll(statements)].map(([, type, clause = '', specifier, dynamic]) => {
    const name = specifier ?? dynamic ?? '';
    const named = /^\{([^}]*)\}\s*from/
      .exec(clause)?.[1]
      ?.split(',')
      .filter((part) => part.trim() !== '');
    const isType = type !== undefined || (named?.every((part) => part.trim().startsWith('type ')) ?? false);
    return { target: name.startsWith('.') ? posix.join(posix.dirname(path), name) : name, isType };
  });
}

/** What is wrong with the imports of a file, each with the reason. */
function checkImports(path: string, source: string): string[] {
  const rule = RULES.find(({ files }) => files.test(path));
  if (rule === undefined) return [`${path}: no rule for this folder; say in RULES what it may import`];
  return readImports(path, source)
    .filter(({ target, isType }) => !rule.values.test(target) && !(isType && rule.types?.test(target)))
    .map(({ target }) => `${path} imports ${target}: ${rule.why}`);
}

/**
 * The first round trip along imports, also those of types: they cost nothing at run time, but files that describe each
 * other can only be read together.
 */
function findCycle(files: ReadonlyMap<string, string>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    const source = files.get(path);
    if (source === undefined || done.has(path)) return undefined;
    for (const { target } of readImports(path, source)) {
      const cycle = visit(target, [...trail, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of files.keys()) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}

const sources = new Map(
  ['runtime', 'server', 'client']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true }).map((name) => `${folder}/${String(name).replaceAll('\\', '/')}`),
    )
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(path, 'utf8')]),
);

test('every file imports only what its folder may', () => {
  assert.ok(sources.size > 50);
  assert.deepEqual(
    [...sources].flatMap(([path, source]) => checkImports(path, source)),
    [],
  );
});

test('files do not import each other in a circle', () => {
  assert.equal(findCycle(sources), undefined);
});

/** Plain lists of one kind: as many as there are commands, verbs, renderers, features or subjects of the contract. */
const LISTS = [
  'runtime/contract',
  'runtime/cli/commands',
  'runtime/cli/render',
  'runtime/operations',
  'server/features',
];
const MAX_FILES = 15;

test(`no folder has more than ${MAX_FILES} files, unless it is a plain list`, () => {
  const folders = new Map<string, number>();
  for (const path of sources.keys()) folders.set(posix.dirname(path), (folders.get(posix.dirname(path)) ?? 0) + 1);
  const isList = (folder: string) => LISTS.some((list) => folder === list || folder.startsWith('server/features/'));
  assert.deepEqual(
    [...folders].filter(([folder, files]) => files > MAX_FILES && !isList(folder)),
    [],
  );
});

test('on the top level of runtime/operations stand the verbs, and what all of them are given', () => {
  const exported = new Set(
    readImports('runtime/api.ts', sources.get('runtime/api.ts') ?? '').map(({ target }) => target),
  );
  const others = [...sources.keys()].filter(
    (path) => /^runtime\/operations\/[^/]+$/.test(path) && path !== 'runtime/operations/run.ts' && !exported.has(path),
  );
  // The schema is exported as a file of its own (package.json).
  assert.deepEqual(others, ['runtime/operations/schema.ts']);
});

test(`no file has more than ${MAX_LINES} lines`, () => {
  const long = [...sources].filter(([, source]) => source.trimEnd().split('\n').length > MAX_LINES);
  assert.deepEqual(
    long.map(([path]) => path),
    [],
  );
});

/** The files in a bundle, by the metafile of the last build. */
function filesIn(bundle: string): string[] | undefined {
  const metafile = `.cache/meta/${bundle}.json`;
  if (!existsSync(metafile)) return undefined;
  const { outputs }: { outputs: Record<string, { inputs: object }> } = JSON.parse(readFileSync(metafile, 'utf8'));
  return Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
}

const FORBIDDEN = [
  { bundle: 'program', pattern: /node_modules\/ajv\/dist\/compile/, why: 'the schema is compiled while bundling' },
  { bundle: 'server', pattern: /node_modules\/ajv\/dist\/compile/, why: 'the schema is compiled while bundling' },
  {
    bundle: 'extension',
    pattern: /node_modules\/(?:re2js|ssh2|undici|ajv\/dist\/compile|vscode-languageclient)\//,
    why: 'a window that opens must not wait for them',
  },
  { bundle: 'runtime', pattern: /node_modules\/ajv\/dist\/compile/, why: 'the schema is compiled while bundling' },
  {
    bundle: 'program',
    pattern: /node_modules\/(?:re2js|ssh2|undici|log-update|xz-decompress|fzstd|xxhash-wasm)\//,
    why: 'every command would read them; they have files of their own',
  },
  { bundle: 'runtime', pattern: /node_modules\/(?:commander|log-update)\//, why: 'a library has no command line' },
] as const;

for (const { bundle, pattern, why } of FORBIDDEN) {
  test(`the ${bundle} bundle has nothing of ${pattern.source.replaceAll('\\', '')}: ${why}`, () => {
    const files = filesIn(bundle);
    assert.ok(files !== undefined && files.length > 0, 'esbuild.mjs has written no metafile');
    assert.deepEqual(
      files.filter((path) => pattern.test(path)),
      [],
    );
  });
}

test('the checker sees every way to import, and the reason comes with it', () => {
  const bad: readonly (readonly [string, string])[] = [
    ['runtime/config/vms/units.ts', "import { readFileSync } from 'node:fs';"],
    ['runtime/config/vms/units.ts', "import 'node:os';"],
    ['runtime/config/vms/units.ts', "export * from '../../state/lock.ts';"],
    ['runtime/config/vms/units.ts', "import { readRecord, type ReadySignal } from '../../state/record.ts';"],
    ['runtime/config/analyze.ts', "import { discoverConfig } from './discover.ts';"],
    ['runtime/config/toml/lexer.ts', "const fs = await import('node:fs');"],
    ['runtime/contract/events.ts', "import { join } from 'node:path';"],
    ['runtime/vm/launch.ts', "import {\n  createOverlay,\n  discardOverlay,\n} from '../disks/overlay.ts';"],
    ['runtime/disks/overlay.ts', "import type { Run } from '../operations/run.ts';"],
    ['runtime/operations/up.ts', "import { render } from '../cli/render/text.ts';"],
    ['runtime/operations/up.ts', "import { Command } from 'commander';"],
    ['runtime/cli/main.ts', "import { fakeQemu } from '../../test/support/fakeQemu.ts';"],
    ['runtime/nowhere/server.ts', ''],
    ['runtime/broker/broker.ts', "import { qemuArguments } from '../vm/args.ts';"],
  ];
  for (const [path, source] of bad) assert.equal(checkImports(path, source).length, 1, `${path}: ${source}`);
  assert.deepEqual(checkImports('runtime/config/vms/units.ts', "import { readFileSync } from 'node:fs';"), [
    'runtime/config/vms/units.ts imports node:fs: text in, project and diagnostics out: it runs in an editor as well as in a command',
  ]);
});

test('the checker lets types pass where values may not', () => {
  for (const clause of ['type { ReadySignal }', '{ type ReadySignal, type Other }', '{\n  type ReadySignal,\n}']) {
    assert.deepEqual(checkImports('runtime/config/project.ts', `import ${clause} from '../state/record.ts';`), []);
  }
});

test('the checker finds circles of values and of types', () => {
  const circle = (clause: string) =>
    findCycle(
      new Map([
        ['runtime/a.ts', "import { b } from './b.ts';"],
        ['runtime/b.ts', "export { c } from './c.ts';"],
        ['runtime/c.ts', `import ${clause} from './a.ts';`],
      ]),
    );
  assert.deepEqual(circle('{ a }'), ['runtime/a.ts', 'runtime/b.ts', 'runtime/c.ts', 'runtime/a.ts']);
  assert.deepEqual(circle('type { A }'), ['runtime/a.ts', 'runtime/b.ts', 'runtime/c.ts', 'runtime/a.ts']);
  assert.equal(findCycle(new Map([['runtime/a.ts', "import { b } from './b.ts';"]])), undefined);
});
