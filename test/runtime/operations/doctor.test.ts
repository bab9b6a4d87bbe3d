import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact } from '../../../runtime/operations/doctor/environment.ts';
import { checkNode } from '../../../runtime/operations/doctor/host.ts';

test('a password is never shown, whatever is in it', () => {
  assert.equal(redact('http://me:pw@proxy:8080'), 'http://***@proxy:8080');
  assert.equal(redact('http://me:p@w/x@proxy:8080'), 'http://***@proxy:8080');
  assert.equal(redact('me:pw@proxy:8080'), '***@proxy:8080');
  assert.equal(redact('http://proxy:8080'), 'http://proxy:8080');
  assert.equal(redact('/srv/castra'), '/srv/castra');
});

test('Node is judged by its version, not by the text of it', () => {
  for (const version of ['20.19.0', '20.20.2', '22.0.0', '100.0.0'])
    assert.equal(checkNode(version).status, 'ok', version);
  for (const version of ['20.9.0', '20.18.3', '18.20.0', '9.30.0'])
    assert.equal(checkNode(version).status, 'error', version);
});
