import type { UserData } from '../config/project.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import { writeFileAtomic } from '../state/files.ts';
import { isoImage } from './iso9660.ts';
import type { Part } from './mime.ts';
import { noCloudFiles } from './noCloud.ts';
import type { KeyPair } from './openssh.ts';
import { readUserData, userPart } from './userData.ts';

/** Everything that decides what a guest learns from its seed disk. */
export interface SeedPlan {
  readonly path: string;
  readonly vm: string;
  /** New for each new overlay: with the one it knows, cloud-init does nothing. */
  readonly instanceId: string;
  readonly sshUser: string;
  /** The image is the default one, whose own user is known. */
  readonly isDefaultAlpine: boolean;
  readonly identity: Pick<KeyPair, 'publicKey'>;
  readonly hostKey: KeyPair;
  readonly userData?: UserData;
  /** Parts of Castra's own besides. */
  readonly parts?: readonly Part[];
}

/** The user that Alpine's cloud images make (`default_user` in their /etc/cloud/cloud.cfg). */
const ALPINE_USER = 'alpine';

/** The label by which cloud-init and tiny-cloud find the disk. */
const LABEL = 'CIDATA';

/** Writes a VM's seed disk. Throws `seed-failed` for user data that cannot be used, `write-failed`. */
export function writeSeed(plan: SeedPlan): void {
  const image = seedImage(plan);
  try {
    writeFileAtomic(plan.path, image);
  } catch (error) {
    throw new CastraError({ kind: 'write-failed', path: plan.path, detail: messageOf(error) }, { cause: error });
  }
}

function seedImage({
  vm,
  instanceId,
  sshUser,
  isDefaultAlpine,
  identity,
  hostKey,
  userData,
  parts = [],
}: SeedPlan): Buffer {
  const own = userData === undefined ? [] : [userPart(vm, readUserData(vm, userData))];
  const files = noCloudFiles({
    ...{ instanceId, hostname: vm, sshUser, isImageUser: isDefaultAlpine && sshUser === ALPINE_USER },
    ...{ authorizedKey: identity.publicKey, hostKey, parts: [...own, ...parts] },
  });
  const bytes = new Map([...files].map(([name, text]) => [name, Buffer.from(text)]));
  return isoImage(LABEL, bytes, new Date());
}
