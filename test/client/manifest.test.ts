import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commands, contexts, LANGUAGE, LOG_LANGUAGE, settings, TASK_TYPE, views } from '../../client/ids.ts';

interface Contribution {
  readonly command: string;
  readonly title: string;
  readonly when?: string;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const words = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Readonly<Record<string, string>>;
const { contributes } = manifest;
const sources = readdirSync('client', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && name !== 'ids.ts')
  .map((name) => readFileSync(`client/${name}`, 'utf8'))
  .join('\n');

describe('package.json and client/ids.ts', () => {
  it('name the same commands, and each of them has a handler', () => {
    const declared = contributes.commands.map(({ command }: Contribution) => command);
    assert.deepEqual([...declared].sort(), Object.values(commands).sort());
    const dead = Object.keys(commands).filter((key) => !sources.includes(`commands.${key}`));
    assert.deepEqual(dead, []);
  });

  it('name an entry that VS Code loads with require()', () => {
    // Of a package of modules it would import() any other, which takes 100 ms more while a window opens.
    assert.equal(manifest.type, 'module');
    assert.match(manifest.main, /\.cjs$/);
  });

  it('name the same views, settings, languages and tasks', () => {
    assert.deepEqual(
      contributes.views.castra.map(({ id }: { id: string }) => id),
      Object.values(views),
    );
    for (const setting of Object.values(settings)) assert.ok(contributes.configuration.properties[setting], setting);
    const languages = contributes.languages.map(({ id }: { id: string }) => id);
    assert.deepEqual(languages, [LANGUAGE, LOG_LANGUAGE]);
    assert.equal(contributes.taskDefinitions[0].type, TASK_TYPE);
  });

  it('use no context key that nobody sets, and set none that nobody uses', () => {
    const used = new Set(
      [...JSON.stringify(contributes).matchAll(/castra\.(?:projectCount|qemu\w+)/g)].map(([key]) => key),
    );
    used.delete('castra.qemu');
    for (const key of Object.values(contexts)) assert.ok(used.has(key), `${key} is used nowhere`);
    assert.deepEqual([...used].sort(), Object.values(contexts).sort());
  });

  it('menus name commands that exist', () => {
    const known = new Set<string>(Object.values(commands));
    for (const entries of Object.values(contributes.menus) as Contribution[][]) {
      for (const { command } of entries) assert.ok(known.has(command), command);
    }
  });

  it('every %word% has its text, and no text is left over', () => {
    const used = [...JSON.stringify(manifest).matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(words).sort());
  });

  it('files that it names exist', () => {
    const files = [...JSON.stringify(contributes).matchAll(/"(?:\.\/)?((?:client|syntaxes|runtime)\/[^"]+)"/g)];
    assert.ok(files.length > 8);
    for (const [, path = ''] of files) assert.ok(existsSync(path), path);
  });

  it('what starts VMs is offered in trusted workspaces only', () => {
    const risky = [
      'up',
      'upAll',
      'down',
      'downAll',
      'restart',
      'forceStop',
      'openShell',
      'openSerial',
      'clean',
      'doctor',
    ];
    for (const name of risky) {
      const { enablement } = contributes.commands.find(({ command }: Contribution) => command === `castra.${name}`);
      assert.match(enablement, /isWorkspaceTrusted/, name);
    }
  });
});
