import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { CLI } from '../../../bench/run.ts';
import {
  DEFAULT_LOG_LIMITS,
  DEFAULT_MAX_IMAGE_BYTES,
  DEFAULT_WAITS,
  DEFAULTS,
} from '../../../runtime/config/defaults.ts';
import { castraSchema, type Schema, schemaAt } from '../../../runtime/config/schemaAt.ts';
import { configTemplate } from '../../../runtime/config/template.ts';
import { analyze, HEAD } from './marked.ts';

type Tree = { [key: string]: Tree | string | number | boolean };

/** Every default of the schema but empty lists and tables. */
function defaultsOf(path: readonly (string | number)[]): Tree {
  const table = schemaAt(castraSchema, path) as Schema;
  const inner = table.items ? [...path, 0] : path;
  const found: Tree = {};
  for (const key of Object.keys(schemaAt(castraSchema, inner)?.properties ?? {})) {
    const own = schemaAt(castraSchema, [...inner, key]);
    const value = own?.default;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') found[key] = value;
    const below = own?.items || own?.properties ? defaultsOf([...inner, key]) : {};
    if (Object.keys(below).length > 0) found[key] = below;
  }
  return found;
}

describe('the defaults of castra.toml', () => {
  it('are those of the schema, which editors and docs/castra-toml.md show', () => {
    const { vms, ...rest } = defaultsOf([]);
    const { instances, bootstrap, ...own } = vms as Tree;
    // Forwards of an instance are those of a VM.
    assert.deepEqual(instances, { port_forwards: DEFAULTS.vms.port_forwards });
    assert.deepEqual({ ...rest, vms: own }, DEFAULTS);
    assert.deepEqual(bootstrap ?? DEFAULTS.bootstrap, DEFAULTS.bootstrap);
  });

  it('are what a file without them means', () => {
    const { project } = analyze(`${HEAD}[[vms]]\nname = "web"\nport_forwards = [{ host = 0, guest = 80 }]\n`);
    const [vm] = project?.vms ?? [];
    const { vms, bootstrap } = DEFAULTS;
    assert.deepEqual([vm?.cpus, vm?.memoryMiB, vm?.accelerator], [vms.cpus, 2048, DEFAULTS.project.accelerator]);
    assert.deepEqual([vm?.ready, vm?.readyTimeoutMs], [{ kind: vms.ready }, vms.ready_timeout_secs * 1000]);
    assert.deepEqual(vm?.forwards, [{ ...vms.port_forwards, host: 0, guest: 80 }]);
    assert.deepEqual([vm?.bootstrap.mode, vm?.bootstrap.remoteDir], [bootstrap.mode, bootstrap.remote_dir]);
    assert.equal(vm?.bootstrap.handshakeTimeoutMs, bootstrap.handshake_timeout_secs * 1000);
    assert.deepEqual([project?.lifecycle, project?.logs], [DEFAULT_WAITS, DEFAULT_LOG_LIMITS]);
    assert.deepEqual([project?.maxImageBytes, project?.broker.port], [DEFAULT_MAX_IMAGE_BYTES, DEFAULTS.broker.port]);
    assert.deepEqual([DEFAULT_MAX_IMAGE_BYTES, DEFAULT_LOG_LIMITS.maxBytes], [64 * 1024 ** 3, 16 * 1024 ** 2]);
  });

  it('are those of the help and of the template', () => {
    const { stdout } = spawnSync(process.execPath, [CLI, 'down', '--help'], { encoding: 'utf8' });
    for (const seconds of Object.values(DEFAULTS.lifecycle)) assert.match(stdout, new RegExp(`else\\s+${seconds}\\)`));
    const text = configTemplate('demo');
    const written = [...text.matchAll(/^# (?:# )?(\w+) = (\S.*)$/gm)].map(([, key = '', value]) => [key, value]);
    const known = Object.assign({}, ...Object.values(DEFAULTS)) as Record<string, unknown>;
    const shared = written.filter(([key = '']) => key in known && key !== 'bind');
    assert.ok(shared.length >= 10);
    for (const [key = '', value] of shared) assert.equal(value, JSON.stringify(known[key]), key);
  });
});
