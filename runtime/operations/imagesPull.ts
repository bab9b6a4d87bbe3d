import { DEFAULT_MAX_IMAGE_BYTES } from '../config/defaults.ts';
import type { ProjectConfig } from '../config/project.ts';
import { hasStrayPercent } from '../config/vms/baseImage.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { CastraError } from '../contract/failures.ts';
import type { ImagesPullOptions, ImagesPullOutcome, PulledImage } from '../contract/images.ts';
import { redactUrl } from '../images/download/redact.ts';
import { ensureImage, type ImageRequest } from '../images/ensureImage.ts';
import { rememberTrust } from '../images/trust/trust.ts';
import { findQemu } from '../vm/host/qemu.ts';
import { imageLimit } from './project/imageLimit.ts';
import { imageRun } from './project/imageRun.ts';
import { loadProject } from './project/openProject.ts';
import { type Operation, tell } from './run.ts';

/** Gets images into the cache, so that a later `up` needs no network. */
export const imagesPull: Operation<ImagesPullOptions, ImagesPullOutcome> = async (options, run) => {
  const { settings, url, digest } = options;
  const { architecture, image: qemuImg } = findQemu(settings);
  const { wanted, mirrors, maxBytes, diagnostics } = whatToPull(options);
  const told: Diagnostic[] = [...tell(diagnostics, run)];
  const images: PulledImage[] = [];
  for (const image of wanted) {
    const found = await ensureImage({ image, architecture, mirrors, settings, maxBytes, qemuImg }, imageRun(run, []));
    told.push(...tell(found.diagnostics, run));
    images.push({ url: found.url, sha256: found.sha256, path: found.path, bytes: found.bytes });
  }
  // Said by the user about this very URL: it replaces what was remembered.
  if (url !== undefined && digest)
    rememberTrust(settings.home, { raw: url, url: redactUrl(url) }, { digest, from: 'given' });
  return { value: { images }, diagnostics: told };
};

interface Pull {
  readonly wanted: readonly ImageRequest['image'][];
  readonly mirrors: readonly string[];
  readonly maxBytes: number;
  readonly diagnostics: readonly Diagnostic[];
}

function whatToPull({ config, settings, url, digest }: ImagesPullOptions): Pull {
  if (url !== undefined) {
    checkUrl(url, digest !== undefined);
    return {
      wanted: [{ kind: 'url', url, ...(digest ? { digest } : {}) }],
      mirrors: [],
      maxBytes: imageLimit({ config, settings }),
      diagnostics: [],
    };
  }
  if (digest) throw new CastraError({ kind: 'usage', detail: 'A digest belongs to a URL. Pass both, or neither.' });
  try {
    const { project, diagnostics } = loadProject({ config, settings });
    return { wanted: imagesOf(project), mirrors: project.mirrors, maxBytes: project.maxImageBytes, diagnostics };
  } catch (error) {
    if (!(error instanceof CastraError) || error.failure.kind !== 'config-not-found') throw error;
    return { wanted: [{ kind: 'default-alpine' }], mirrors: [], maxBytes: DEFAULT_MAX_IMAGE_BYTES, diagnostics: [] };
  }
}

/** Each image once; files of the user's are there already. */
function imagesOf({ vms }: ProjectConfig): ImageRequest['image'][] {
  const images = vms.flatMap(({ image }) => (image.kind === 'file' ? [] : [image]));
  return [...new Map(images.map((image) => [JSON.stringify(image), image])).values()];
}

/** As castra.toml's rules are; nothing can change what comes from this host itself in transit. */
function checkUrl(url: string, hasDigest: boolean): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:') {
    throw usage(
      `Castra cannot download from "${redactUrl(url)}". Pass an https:// URL. For a local file, use \`castra images import\`.`,
    );
  }
  if (hasStrayPercent(url)) {
    throw usage(
      `"${redactUrl(url)}" has a "%" without two hexadecimal digits behind it. In a URL, write a "%" that is part of a name as "%25".`,
    );
  }
  if (parsed.protocol === 'https:' || hasDigest || isThisHost(parsed)) return;
  throw usage('A download over plain HTTP can be changed in transit. Pass an https:// URL, or add --sha256.');
}

const isThisHost = ({ hostname }: URL): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

const usage = (detail: string): CastraError => new CastraError({ kind: 'usage', detail });
