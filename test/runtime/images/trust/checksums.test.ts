import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findChecksum } from '../../../../runtime/images/trust/checksums.ts';

const A = 'a'.repeat(64);
const B = 'B'.repeat(128);

describe('a checksum file', () => {
  const texts: Readonly<Record<string, string>> = {
    'as GNU writes it': `${'c'.repeat(64)}  other.img\n${A}  web.img\n`,
    'of binary files': `${A} *web.img\r\n`,
    'with folders': `${A}  ./images/web.img\n`,
    'as BSD writes it': `SHA256 (other.img) = ${'c'.repeat(64)}\nSHA256 (web.img) = ${A}\n`,
    'as OpenSSL 1 writes it': `SHA256(web.img)= ${A}\n`,
    'as OpenSSL 3 writes it': `SHA2-256(web.img)= ${A}\n`,
    'below the name of its algorithm': `# BLAKE2B HASH\n${B}  web.img\n# SHA256 HASH\n${A}  web.img\n`,
    'among other words': `# made by hand\n\n${A}  web.img\nnot a line\n`,
  };
  for (const [kind, text] of Object.entries(texts)) {
    test(`is read ${kind}`, () => {
      assert.deepEqual(findChecksum(text, ['web.img'], false), { algorithm: 'sha256', hex: A });
    });
  }

  test('may be a bare number, or have another name, when it is about one file alone', () => {
    for (const text of [`${B}\n`, `${B}  build/tmp.img\n`]) {
      assert.deepEqual(findChecksum(text, ['web.img'], true), { algorithm: 'sha512', hex: B.toLowerCase() });
      assert.equal(findChecksum(text, ['web.img'], false), undefined);
    }
  });

  test('that has no line for the image says nothing', () => {
    for (const text of [
      '',
      '<html>404</html>',
      `${A}  web.img.xz\n`,
      `${A.slice(1)}  web.img\n`,
      `MD5 (web.img) = ${A}`,
      `SHA512 (web.img) = ${A}`,
      `# BLAKE2B HASH\n${B}  web.img\n`,
      `-----BEGIN PGP SIGNATURE-----\n${A}  web.img\n`,
    ])
      assert.equal(findChecksum(text, ['web.img'], false), undefined, text);
  });
});
