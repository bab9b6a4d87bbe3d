import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type ChangeRow, changes, commandTable, type Place } from '../../client/commands/table.ts';
import { contexts, LANGUAGE, LOG_LANGUAGE, settings, TASK_TYPE, views } from '../../client/ids.ts';

interface Contribution {
  readonly command: string;
  readonly title: string;
  readonly when?: string;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const words = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Readonly<Record<string, string>>;
const { contributes } = manifest;
const names = Object.keys(commandTable).map((name) => `castra.${name}`);

describe('package.json and client/ids.ts', () => {
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

  it('leave the ports of QEMU and the broker to Castra: VS Code does not forward them a second time', () => {
    const [[pattern, attributes]] = Object.entries<{ onAutoForward: string }>(
      contributes.configurationDefaults['remote.portsAttributes'],
    ) as [[string, { onAutoForward: string }]];
    assert.match('/usr/bin/qemu-system-x86_64 -name web-0', new RegExp(pattern));
    assert.match('/usr/bin/node dist/cli.js broker --state-root /state --port 7070', new RegExp(pattern));
    assert.equal(attributes.onAutoForward, 'ignore');
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
});

describe('the table of commands', () => {
  it('is what package.json and package.nls.json have', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/manifest.mjs', '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  it('has every command that package.json and its menus name', () => {
    const declared = contributes.commands.map(({ command }: Contribution) => command);
    assert.deepEqual([...declared].sort(), [...names].sort());
    const menus = Object.values(contributes.menus as Record<string, Contribution[]>).flat();
    assert.ok(menus.length > 30);
    for (const { command } of menus) assert.ok(names.includes(command), command);
  });

  it('needs trust for what starts processes', () => {
    const risky = [
      'up',
      'upAll',
      'down',
      'downAll',
      'remove',
      'exportDisk',
      'restart',
      'forceStop',
      'resume',
      'openShell',
      'openSerial',
      'openRemote',
      'cancel',
      'clean',
      'doctor',
    ];
    for (const name of risky) {
      const { enablement } = contributes.commands.find(({ command }: Contribution) => command === `castra.${name}`);
      assert.match(enablement, /isWorkspaceTrusted/, name);
    }
    for (const { command, when = '' } of contributes.menus['view/item/context'] as Contribution[]) {
      assert.equal(
        /isWorkspaceTrusted/.test(when),
        risky.includes(command.slice('castra.'.length)),
        `${command} ${when}`,
      );
    }
  });

  it('puts no command on a row in a state that the command refuses', () => {
    for (const [name, { runs, places = [] }] of Object.entries<ChangeRow>(changes)) {
      const shown = places.flatMap((place) => (place.in === 'vm' ? (place.states ?? []) : []));
      assert.deepEqual(
        shown.filter((state) => !runs.states.includes(state)),
        [],
        name,
      );
    }
  });

  it('puts no two commands on the same place of a row or title', () => {
    const taken = new Map<string, string>();
    for (const [name, { places = [] }] of Object.entries(commandTable)) {
      for (const spot of places.flatMap(spotsOf)) {
        assert.equal(taken.get(spot), undefined, `${name} is where ${taken.get(spot)} is: ${spot}`);
        taken.set(spot, name);
      }
    }
  });
});

/** A place in each state of a row. */
function spotsOf(place: Place): string[] {
  const states = place.in === 'vm' ? (place.states ?? ['any']) : [''];
  return states.map((state) => `${place.in} ${state} ${place.group}`);
}
