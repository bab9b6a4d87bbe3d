import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { CastraError } from '../../../../runtime/contract/failures.ts';
import { checksumFiles } from '../../../../runtime/images/trust/checksumFiles.ts';
import { imageBench } from '../../../support/imageBench.ts';
import { sha256 as sha256Of, startImageServer } from '../../../support/imageServer.ts';

interface Sums {
  readonly sha256: string;
  readonly sha512: string;
}

interface Form {
  readonly image: string;
  /** Beside the image. */
  readonly file: string;
  readonly text: (name: string, sums: Sums) => string;
}

const OTHER = sha256Of(Buffer.from('other'));
const signed = (text: string) =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${text}-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCAAdFiEEf\n=wyfZ\n-----END PGP SIGNATURE-----\n`;
const sized = (name: string, hex: string) => `# ${name}: 583532032 bytes\nSHA256 (${name}) = ${hex}\n`;

const forms: Readonly<Record<string, Form>> = {
  Fedora: {
    image: 'Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2',
    file: 'Fedora-Cloud-44-1.7-x86_64-CHECKSUM',
    text: (name, { sha256 }) => signed(`${sized('Fedora-Cloud-Base-UKI.qcow2', OTHER)}${sized(name, sha256)}`),
  },
  Rocky: {
    image: 'Rocky-9-GenericCloud.latest.x86_64.qcow2',
    file: 'Rocky-9-GenericCloud.latest.x86_64.qcow2.CHECKSUM',
    text: (_, { sha256 }) => sized('Rocky-9-GenericCloud-Base-9.6-20250531.0.x86_64.qcow2', sha256),
  },
  Alma: {
    image: 'AlmaLinux-9-GenericCloud-latest.x86_64.qcow2',
    file: 'CHECKSUM',
    text: (name, { sha256 }) => `${OTHER}  AlmaLinux-9-OpenNebula.qcow2\n${sha256}  ${name}\n`,
  },
  'Alma, signed': {
    image: 'AlmaLinux-8-GenericCloud-latest.x86_64.qcow2',
    file: 'CHECKSUM',
    text: (name, { sha256 }) => signed(sized(name, sha256)),
  },
  CentOS: {
    image: 'CentOS-Stream-GenericCloud-9-20240101.0.x86_64.qcow2',
    file: 'CentOS-Stream-GenericCloud-9-20240101.0.x86_64.qcow2.SHA256SUM',
    text: (name, { sha256 }) => sized(name, sha256),
  },
  Arch: {
    image: 'Arch-Linux-x86_64-cloudimg.qcow2',
    file: 'Arch-Linux-x86_64-cloudimg.qcow2.SHA256',
    text: (_, { sha256 }) => `${sha256}  Arch-Linux-x86_64-cloudimg-20260101.1.qcow2\n`,
  },
  FreeBSD: {
    image: 'FreeBSD-15.0-RELEASE-amd64-BASIC-CLOUDINIT-ufs.qcow2',
    file: 'CHECKSUM.SHA256',
    text: (name, { sha256 }) =>
      `SHA256 (FreeBSD-15.0-RELEASE-amd64-zfs.raw.xz) = ${OTHER}\nSHA256 (${name}) = ${sha256}\n`,
  },
  Flatcar: {
    image: 'flatcar_production_qemu_image.img',
    file: 'flatcar_production_qemu_image.img.DIGESTS',
    text: (name, { sha512 }) =>
      `# MD5 HASH\n${'a'.repeat(32)}  ${name}\n# SHA1 HASH\n${'b'.repeat(40)}  ${name}\n# SHA512 HASH\n${sha512}  ${name}\n`,
  },
  Gentoo: {
    image: 'di-amd64-cloudinit-20260101T170000Z.qcow2',
    file: 'di-amd64-cloudinit-20260101T170000Z.qcow2.DIGESTS',
    text: (name, { sha512 }) =>
      signed(`# BLAKE2B HASH\n${'a'.repeat(128)}  ${name}\n# SHA512 HASH\n${sha512}  ${name}\n`),
  },
  OpenWrt: {
    image: 'openwrt-24.10.0-x86-64-generic-ext4-combined.img',
    file: 'sha256sums',
    text: (name, { sha256 }) => `${OTHER} *config.buildinfo\n${sha256} *${name}\n`,
  },
  Void: {
    image: 'void-x86_64-musl.img',
    file: 'sha256sum.txt',
    text: (name, { sha256 }) => `SHA256 (void-live.iso) = ${OTHER}\nSHA256 (${name}) = ${sha256}\n`,
  },
  openEuler: {
    image: 'openEuler-24.03-LTS-x86_64.qcow2',
    file: 'openEuler-24.03-LTS-x86_64.qcow2.sha256sum',
    text: (name, { sha256 }) => `${sha256}  ${name}\n`,
  },
  OpenSSL: {
    image: 'web.qcow2',
    file: 'web.qcow2.sha256',
    text: (name, { sha256 }) => `SHA2-256(${name})= ${sha256}\n`,
  },
  'a publisher of names in Latin-1': {
    image: 'b%E4r.qcow2',
    file: 'SHA256SUMS',
    text: (name, { sha256 }) => `${sha256}  ${name}\n`,
  },
  'a name with a space': {
    image: 'my%20disk.qcow2',
    file: 'SHA256SUMS',
    text: (_, { sha256 }) => `${sha256}  my disk.qcow2\n`,
  },
};

describe('checksums as they are published by', { concurrency: 4 }, () => {
  for (const [publisher, { image, file, text }] of Object.entries(forms)) {
    test(publisher, () =>
      imageBench(async (bench) => {
        const sha512 = createHash('sha512').update(bench.image).digest('hex');
        bench.server.put(`/i/${image}`, bench.image);
        bench.server.put(`/i/${file}`, Buffer.from(text(image, { sha256: bench.digest.hex, sha512 })));
        assert.deepEqual((await bench.ensure(undefined, `/i/${image}`)).diagnostics, []);
        assert.equal(bench.of('image.verified').length, 1);
      }),
    );
  }
});

describe('looking for checksums', { concurrency: 4 }, () => {
  test('goes on beside what the URL redirects to, under the name that the file has there', () =>
    imageBench(async (bench) => {
      const mirror = await startImageServer({
        files: {
          '/v1/web-1.0.qcow2?sig=1': bench.image,
          '/v1/SHA256SUMS': Buffer.from(`${bench.digest.hex}  web-1.0.qcow2\n`),
        },
      });
      try {
        bench.server.behave('/latest', { redirectTo: `${mirror.origin}/v1/web-1.0.qcow2?sig=1` });
        assert.deepEqual((await bench.ensure(undefined, '/latest')).diagnostics, []);
      } finally {
        await mirror.close();
      }
    }));

  test('is told, and the warning names what was looked for, also later', () =>
    imageBench(async ({ ensure, of, url, server }) => {
      const [first] = (await ensure()).diagnostics;
      assert.deepEqual(
        of('image.checksum-wanted').map((event) => event.url),
        [url],
      );
      const names = /looked beside it for (.*?)\. Castra trusts/.exec(first?.message ?? '')?.[1]?.split(', ') ?? [];
      assert.deepEqual(
        names.filter((name) => !server.requests.some(({ path }) => path.endsWith(name))),
        [],
      );
      assert.equal(names.length, server.requests.filter(({ path }) => path !== '/x.qcow2').length);
      assert.deepEqual((await ensure()).diagnostics, [first]);
    }));

  for (const status of [429, 503]) {
    test(`does not wait long for a server that answers ${status}, and tells that it asks again`, () =>
      imageBench(async ({ ensure, of, server, url }) => {
        const busy = { status, headers: { 'retry-after': 1 } };
        for (const file of checksumFiles(url)) server.behave(new URL(file.url).pathname, busy);
        const began = performance.now();
        assert.equal((await ensure()).diagnostics[0]?.code, 'image/unpinned');
        assert.ok(performance.now() - began < 8_000);
        const [retry] = of('image.retrying');
        assert.match(retry?.reason ?? '', new RegExp(`answers ${status}`));
      }));
  }

  test('ends soon where a server says nothing, and does not trust the image', () =>
    imageBench(async ({ ensure, server }) => {
      server.behave('/x.qcow2.sha512', { stallAfter: 0 });
      const began = performance.now();
      await assert.rejects(ensure(), (error) => {
        assert.ok(error instanceof CastraError && error.failure.kind === 'image-failed', String(error));
        assert.match(error.failure.detail, /x\.qcow2\.sha512: the server did not send this file within 5 seconds/);
        return true;
      });
      assert.ok(performance.now() - began < 8_000);
    }));

  test('does not mind one file that cannot be had when another one has the checksum', () =>
    imageBench(async ({ ensure, server, digest }) => {
      server.behave('/x.qcow2.sha256', { dropAfter: 0 });
      server.put('/x.qcow2.SHA256', Buffer.from(digest.hex));
      assert.deepEqual((await ensure()).diagnostics, []);
    }));
});
