import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findMissingFiles } from '../../../../runtime/config/findings/missingFiles.ts';
import { analyze, HEAD } from '../marked.ts';

const references = (text: string) =>
  analyze(HEAD + text)
    .placed.flatMap(({ files }) => files)
    .map(({ what, file, vm, path }) => [what, file, vm, path.join('.')]);

/** The warnings when only `present` exists: where and what. */
const missing = (text: string, ...present: string[]) =>
  findMissingFiles(analyze(HEAD + text), (file) => present.includes(file)).map(({ range, message }) => [
    `${(range?.start.line ?? 0) - 2}:${range?.start.column}-${range?.end.column}`,
    message,
  ]);

describe('pathReferences', () => {
  it('lists images, user data, scripts and payloads that the text names, with the keys that name them', () => {
    const text = `[[vms]]
name = "web"
base_image = "a.qcow2"
user_data = "/etc/web.yaml"
bootstrap = { script = "run.sh", payload = "../files" }
`;
    assert.deepEqual(references(text), [
      ['base image', '/srv/demo/a.qcow2', 'web-0', 'vms.0.base_image'],
      ['file of user data', '/etc/web.yaml', 'web-0', 'vms.0.user_data'],
      ['bootstrap script', '/srv/demo/run.sh', 'web-0', 'vms.0.bootstrap.script'],
      ['bootstrap payload', '/srv/files', 'web-0', 'vms.0.bootstrap.payload'],
    ]);
  });

  it('names the instance that has a file of its own', () => {
    const text = '[[vms]]\nname = "web"\nbase_image = "a"\n[[vms.instances]]\nid = "web-0"\nbase_image = "b"\n';
    assert.deepEqual(references(text), [['base image', '/srv/demo/b', 'web-0', 'vms.0.instances.0.base_image']]);
  });

  it('has nothing for URLs, user data in the text, overlays and default places', () => {
    const text = `[[vms]]
name = "web"
base_image = "https://example.org/a.qcow2"
user_data = "#cloud-config"
overlay = "o.qcow2"
`;
    assert.deepEqual(references(text), []);
  });

  it('has the default script where it must run, and no script where it is skipped', () => {
    assert.deepEqual(references('[[vms]]\nname = "a"\nbootstrap.mode = "always"\n'), [
      ['bootstrap script', '/srv/demo/bootstrap/a-0/run.sh', 'a-0', 'vms.0.bootstrap.mode'],
    ]);
    assert.deepEqual(references('bootstrap.mode = "force"\n[[vms]]\nname = "a"\n'), [
      ['bootstrap script', '/srv/demo/bootstrap/a-0/run.sh', 'a-0', 'vms.0.name'],
    ]);
    assert.deepEqual(references('[[vms]]\nname = "a"\nbootstrap = { mode = "skip", script = "x" }\n'), []);
  });
});

describe('findMissingFiles', () => {
  const text = '[[vms]]\nname = "web"\ncount = 2\nbase_image = "a.qcow2"\nbootstrap.mode = "always"\n';

  it('warns once at each key, on its value', () => {
    assert.deepEqual(missing(text), [
      ['4:14-23', 'The base image /srv/demo/a.qcow2 does not exist.'],
      [
        '5:18-26',
        'The bootstrap script /srv/demo/bootstrap/web-0/run.sh of "web-0" does not exist, and the mode is `always`.',
      ],
    ]);
  });

  it('names the replica whose script is missing', () => {
    assert.deepEqual(missing(text, '/srv/demo/a.qcow2', '/srv/demo/bootstrap/web-0/run.sh'), [
      [
        '5:18-26',
        'The bootstrap script /srv/demo/bootstrap/web-1/run.sh of "web-1" does not exist, and the mode is `always`.',
      ],
    ]);
  });

  it('concludes nothing from a string without an end', () => {
    assert.deepEqual(missing('[[vms]]\nname = "web"\nbase_image = "a.qc\n'), []);
  });
});
