import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareVars } from '../../../../runtime/vm/host/firmware.ts';
import { tempFolder } from '../../../support/tempProject.ts';

test("a variable store is the VM's own copy, for its owner only, whatever the template's permissions", async (t) => {
  const folder = tempFolder();
  t.after(() => folder.dispose());
  const varsTemplate = join(folder.path, 'template.fd');
  const path = join(folder.path, 'web.vars.fd');
  writeFileSync(varsTemplate, 'variables', { mode: 0o644 });
  for (const content of ['variables', 'newer']) {
    writeFileSync(varsTemplate, content);
    prepareVars({ code: '/code', varsTemplate }, path);
    assert.equal(readFileSync(path, 'utf8'), content);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  }
});
