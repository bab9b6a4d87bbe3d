import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DoctorOutcome } from '../../runtime/contract/doctor.ts';
import { codeFolder } from '../../runtime/process/codeFolder.ts';
import { CLI, type CliOptions, ok, outcomeOf, runCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const TOML = 'version = "0.1.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\nbase_image = "base.qcow2"\n';
const HEADER_BYTES = 1024;
const isRoot = process.getuid?.() === 0;

/** Prints instead of running a command, when it is taken for what program.js became: V8 only looks at the length. */
const STRANGER = `
const { Script } = require('node:vm'), { readFileSync, writeFileSync } = require('node:fs'), { wrap } = require('node:module');
const [program, out] = process.argv.slice(1);
const text = "exports.runProgram = (() => { process.stdout.write('FROM THE CACHE\\\\n'); return Promise.resolve(0); });";
const script = new Script(wrap(text.padEnd(readFileSync(program, 'utf8').length)), { filename: program });
const made = {};
script.runInThisContext()(made);
const write = process.stdout.write;
process.stdout.write = () => true;
made.runProgram();
process.stdout.write = write;
writeFileSync(out, script.createCachedData());`;

describe('compiled code', { skip: process.getuid === undefined && 'files have no owner here' }, () => {
  let project: TempProject;
  beforeEach(() => {
    project = tempProject(TOML);
  });
  afterEach(() => project.dispose());

  const status = async (options: CliOptions = {}): Promise<string> => (await ok(castra(['status'], options))).stdout;

  /** As users have it; the other tests look at which files change, and this is one. */
  const castra = (args: readonly string[], options: CliOptions = {}, place = project) =>
    runCli(place, args, { ...options, env: { CASTRA_CODE_CACHE: '1', ...options.env } });

  const build = (): string => {
    const [name = ''] = readdirSync(codeFolder(project.home));
    return join(codeFolder(project.home), name);
  };

  const entry = (): string => {
    const name = readdirSync(build()).find((file) => file.startsWith('program-'));
    assert.ok(name, 'program.js was not kept');
    return join(build(), name);
  };

  /** Keeps code that tells when it runs, under the name and with the id of program.js. */
  async function plant(): Promise<string> {
    await status();
    const path = entry();
    const out = join(project.path, 'code');
    const { stderr, status: code } = spawnSync(process.execPath, ['-e', STRANGER, join(CLI, '../program.js'), out]);
    assert.equal(code, 0, String(stderr));
    const header = readFileSync(path).subarray(0, HEADER_BYTES);
    writeFileSync(path, Buffer.concat([header, readFileSync(out), readFileSync(out)]));
    return path;
  }

  it('is taken by the next command, and belongs to its user alone', async () => {
    await plant();
    assert.equal(await status(), 'FROM THE CACHE\n');
    assert.match(await status({ env: { CASTRA_CODE_CACHE: '0' } }), /web\s+stopped/);
    for (const path of [build(), codeFolder(project.home)]) assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(statSync(entry()).mode & 0o777, 0o600);
  });

  it('grows with the first run of each command, and not after that', async () => {
    await status();
    const first = statSync(entry());
    await status();
    assert.equal(statSync(entry()).ino, first.ino);
    await ok(castra(['validate']));
    const second = statSync(entry());
    assert.ok(second.size > first.size);
    await ok(castra(['validate']));
    await status();
    assert.equal(statSync(entry()).ino, second.ino);
  });

  it('is not taken when it is damaged or cut off, and is made again', async () => {
    const path = await plant();
    const whole = readFileSync(path);
    for (const spoil of [
      () => writeFileSync(path, whole.subarray(0, whole.length - 10)),
      () => writeFileSync(path, ''),
      () => appendFileSync(path, 'x'),
      () => {
        const bytes = Buffer.from(whole);
        bytes.fill(0xde, HEADER_BYTES + 100, HEADER_BYTES + 110);
        writeFileSync(path, bytes);
      },
    ]) {
      spoil();
      assert.match(await status(), /web\s+stopped/);
      assert.ok(statSync(path).size > 100_000);
    }
  });

  it('is not taken for another build, version of Node or file', async () => {
    const path = await plant();
    const bytes = readFileSync(path);
    bytes.write('v1.2.3', bytes.indexOf(process.version));
    writeFileSync(path, bytes);
    assert.match(await status(), /web\s+stopped/);
  });

  for (const [what, spoil] of Object.entries<(path: string) => void>({
    'the file is writable by others': (path) => chmodSync(path, 0o622),
    'the folder is writable by others': () => chmodSync(codeFolder(project.home), 0o777),
    'the home is writable by others': () => chmodSync(project.home, 0o720),
    'the file has a second name': (path) => linkSync(path, join(project.path, 'second')),
    'the file is a link': (path) => {
      renameSync(path, join(project.path, 'moved'));
      symlinkSync(join(project.path, 'moved'), path);
    },
    'the folder is a link': () => {
      renameSync(codeFolder(project.home), join(project.path, 'moved'));
      symlinkSync(join(project.path, 'moved'), codeFolder(project.home));
    },
  })) {
    it(`is not taken when ${what}`, async () => {
      spoil(await plant());
      assert.match(await status(), /web\s+stopped/);
    });
  }

  for (const [what, path] of [
    ['the file', () => entry()],
    ['the folder of its build', () => build()],
    ['the cache', () => join(project.home, 'cache')],
  ] as const) {
    it(`is not taken when ${what} belongs to another user`, {
      skip: !isRoot && 'only root can give a file away',
    }, async () => {
      await plant();
      chownSync(path(), 4321, 4321);
      assert.match(await status(), /web\s+stopped/);
    });
  }

  it('is not kept where there is no home, or none that can be written to', async () => {
    const home = join(project.path, 'none');
    await ok(castra(['status'], {}, { ...project, home }));
    assert.equal(existsSync(home), false);
    chmodSync(project.home, 0o500);
    const { stdout, stderr } = await ok(castra(['status'], { obedient: true }));
    assert.match(stdout, /web\s+stopped/);
    assert.equal(stderr, '');
    assert.deepEqual(readdirSync(project.home), []);
  });

  it('of builds that are gone does not pile up, and `clean --global` removes all', async () => {
    for (const name of ['a', 'b', 'c', 'd'])
      mkdirSync(join(codeFolder(project.home), name), { recursive: true, mode: 0o700 });
    chmodSync(join(project.home, 'cache'), 0o700);
    await status();
    assert.equal(readdirSync(codeFolder(project.home)).length, 3);
    const { stdout } = await ok(castra(['clean', '--global', '--dry-run']));
    assert.match(stdout, /Compiled code would be removed: [\d.]+ \w+\./);
    await ok(castra(['clean', '--global']));
    assert.equal(existsSync(codeFolder(project.home)), false);
  });

  it('is not kept by commands that promise to change nothing', async () => {
    for (const args of [['doctor'], ['clean', '--dry-run'], ['clean', '--global']]) await castra(args);
    assert.deepEqual(readdirSync(project.home), []);
  });

  it('is a finding of doctor', async () => {
    const found = async () => {
      const { findings } = outcomeOf<DoctorOutcome>(await castra(['doctor', '--json']));
      return findings
        .filter(({ check }) => check === 'home.code')
        .map(({ status: kind, message }) => `${kind} ${message}`);
    };
    await status();
    assert.match(String(await found()), /^ok Compiled code .* takes [\d.]+ MB$/);
    chmodSync(codeFolder(project.home), 0o777);
    assert.match(String(await found()), /^info .*code is writable by other users\.$/);
  });
});
