import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checksumFiles, fileNames } from '../../../../runtime/images/trust/checksumFiles.ts';

describe('checksum files', () => {
  test('are looked for beside the image, without the query of its URL', () => {
    const urls = checksumFiles('https://images.example.org/x/web.img?token=1#top').map(({ url }) => url);
    assert.equal(urls[0], 'https://images.example.org/x/web.img.sha256');
    assert.ok(urls.includes('https://images.example.org/x/SHA256SUMS'));
    assert.ok(urls.every((url) => url.startsWith('https://images.example.org/x/') && !/[?#]/.test(url)));
  });

  test('are about the image alone when they have its name', () => {
    for (const { label, alone } of checksumFiles('https://images.example.org/web.img'))
      assert.equal(alone, label.startsWith('.'), label);
  });

  const fedora: Readonly<Record<string, string>> = {
    'Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2': 'Fedora-Cloud-44-1.7-x86_64-CHECKSUM',
    'Fedora-Cloud-Base-Generic.aarch64-40-1.14.qcow2': 'Fedora-Cloud-40-1.14-aarch64-CHECKSUM',
    'Fedora-Server-KVM-39-1.5.x86_64.qcow2': 'Fedora-Server-39-1.5-x86_64-CHECKSUM',
  };
  for (const [image, list] of Object.entries(fedora)) {
    test(`of ${image} have Fedora's name for its release`, () => {
      const labels = checksumFiles(`https://mirror.example.org/${image}`).map(({ label }) => label);
      assert.ok(labels.includes(list), labels.join(' '));
    });
  }

  test('may call an image by its name with or without percent-encoding', () => {
    const names = (name: string) => fileNames(`https://images.example.org/x/${name}?v=%zz`);
    assert.deepEqual(names('my%20disk.img'), ['my disk.img', 'my%20disk.img']);
    assert.deepEqual(names('web.img'), ['web.img']);
    for (const odd of ['50%.img', 'b%E4r.img', '%zz.img']) assert.deepEqual(names(odd), [odd]);
  });
});
