import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { golden } from '../support/goldenStream.ts';
import { type TempFolder, tempFolder } from '../support/tempProject.ts';

const TSC = resolve('node_modules/typescript/bin/tsc');
const PROGRAM = `
import { CastraError, type StatusOutcome, silent, status } from 'castra/runtime';

const run = { report: silent, signal: new AbortController().signal };
const options = { config: { kind: 'file', path: 'missing/castra.toml' }, settings: { home: 'home' } } as const;
const names = (outcome: StatusOutcome): string[] => outcome.vms.map((vm) => vm.name);
status(options, run).then(
  ({ value }) => console.log(names(value).join()),
  (error: unknown) => console.log(error instanceof CastraError ? error.failure.kind : error),
);
`;

describe('the npm package', () => {
  let folder: TempFolder;
  let files: string[];
  let tarball: string;
  before(() => {
    folder = tempFolder();
    const staged = join(folder.path, 'package');
    execFileSync(process.execPath, ['scripts/npmPackage.mjs', staged]);
    const options = { cwd: staged, encoding: 'utf8', shell: process.platform === 'win32' } as const;
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder.path], options);
    const [{ filename, files: listed }] = JSON.parse(packed) as [
      { readonly filename: string; readonly files: readonly { readonly path: string }[] },
    ];
    tarball = join(folder.path, filename);
    files = listed.map(({ path }) => path);
  });
  after(() => folder.dispose());

  it('has exactly the files of npm.golden.txt', () => {
    // Pieces of the runtime are named by what is in them, and declarations are those of its modules.
    const named = files.map((path) =>
      path.replace(/^(dist\/runtime\/)\w+(\.mjs)$/, '$1*$2').replace(/^(dist\/types\/).+\.d\.ts$/, '$1**.d.ts'),
    );
    const actual = `${[...new Set(named)].sort().join('\n')}\n`;
    assert.equal(actual, golden('test/package/npm.golden.txt', actual));
  });

  it('has all that its package.json exports', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly exports: object };
    const named = [...JSON.stringify(exports).matchAll(/"\.\/([^"]+\.\w+)"/g)].map(([, path]) => String(path));
    const wanted = named.filter((path) => path.startsWith('dist/') || path.startsWith('runtime/'));
    assert.ok(wanted.length >= 4);
    assert.deepEqual(
      wanted.filter((path) => !files.includes(path)),
      [],
    );
  });

  it('has nothing to object to for publint and attw', () => {
    const publint = spawnSync(process.execPath, [resolve('node_modules/publint/src/cli.js'), tarball, '--strict'], {
      encoding: 'utf8',
    });
    assert.equal(publint.status, 0, publint.stdout + publint.stderr);
    const attw = resolve('node_modules/@arethetypeswrong/cli/dist/index.js');
    // node10 knows no `exports`, and the runtime is an ES module only: require() of it is Node 22's.
    const profile = ['--profile', 'esm-only', '--entrypoints', '.', './runtime'];
    const types = spawnSync(process.execPath, [attw, tarball, ...profile], { encoding: 'utf8' });
    assert.equal(types.status, 0, types.stdout + types.stderr);
  });

  for (const { module, moduleResolution } of [
    { module: 'node16', moduleResolution: 'node16' },
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ]) {
    it(`compiles in a new TypeScript project with ${moduleResolution}, and what compiles runs`, () => {
      const project = join(folder.path, moduleResolution);
      const installed = join(project, 'node_modules/castra');
      mkdirSync(installed, { recursive: true });
      execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
      for (const name of ['@types', 'undici-types']) {
        symlinkSync(resolve('node_modules', name), join(project, 'node_modules', name), 'junction');
      }
      writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
      writeFileSync(join(project, 'program.ts'), PROGRAM);
      const compilerOptions = {
        ...{ module, moduleResolution, target: 'es2022', strict: true, skipLibCheck: false, types: ['node'] },
      };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['program.ts'] }));
      const compiled = spawnSync(process.execPath, [TSC, '-p', project], { encoding: 'utf8' });
      assert.equal(compiled.status, 0, compiled.stdout + compiled.stderr);
      const run = spawnSync(process.execPath, ['program.js'], { cwd: project, encoding: 'utf8' });
      assert.equal(run.stdout, 'config-missing\n', run.stderr);
    });
  }

  it('reads neither ssh2 nor undici for a status', () => {
    const probe = join(folder.path, 'probe.mjs');
    const runtime = pathToFileURL(resolve('dist/runtime.mjs')).href;
    const project = join(folder.path, 'castra.toml');
    writeFileSync(project, 'version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\n');
    const hook = `import { registerHooks, register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(
        'export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }'));`;
    writeFileSync(
      probe,
      `${hook.replace('registerHooks, ', '')}
      const { status, silent } = await import(${JSON.stringify(runtime)});
      const config = { kind: 'file', path: ${JSON.stringify(project)} };
      const run = { report: silent, signal: new AbortController().signal };
      const { value } = await status({ config, settings: { home: ${JSON.stringify(join(folder.path, 'home'))} } }, run);
      console.log(value.vms.length);`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, [probe], { encoding: 'utf8' });
    assert.equal(stdout, '1\n', stderr);
    const { outputs } = JSON.parse(readFileSync('.cache/meta/runtime.json', 'utf8')) as {
      readonly outputs: Readonly<Record<string, { readonly inputs: object }>>;
    };
    const loaded = Object.entries(outputs).filter(([path]) => stderr.includes(path));
    assert.ok(loaded.length > 1 && existsSync('dist/runtime.mjs'), stderr);
    const packages = loaded.flatMap(([, { inputs }]) => Object.keys(inputs)).filter((path) => /ssh2|undici/.test(path));
    assert.deepEqual(packages, []);
  });
});
