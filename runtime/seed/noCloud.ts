import { multipart, type Part } from './mime.ts';

/** Who a guest is and who may log in. */
export interface GuestIdentity {
  /** A new one makes cloud-init apply everything again. */
  readonly instanceId: string;
  readonly hostname: string;
  readonly sshUser: string;
  /** `sshUser` is the user that the image makes by itself. */
  readonly isImageUser: boolean;
  /** One line, as in authorized_keys. */
  readonly authorizedKey: string;
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
  /** The user's own part and others, in order. */
  readonly parts: readonly Part[];
}

/** The files of a NoCloud seed disk, by name (cloud-init's documentation, "NoCloud"). */
export function noCloudFiles(identity: GuestIdentity): Map<string, string> {
  return new Map([
    ['meta-data', metaData(identity)],
    ['user-data', multipart(userDataParts(identity))],
  ]);
}

/** JSON strings are YAML strings, so that a VM called `on` or `007` stays a text. */
function metaData({ instanceId, hostname }: GuestIdentity): string {
  return `instance-id: ${JSON.stringify(instanceId)}\nlocal-hostname: ${JSON.stringify(hostname)}\n`;
}

/**
 * cloud-init lays one cloud-config over the other in this order. The user's keys replace our first ones; then our
 * key and user are added to whatever lists there are; last, what must be so replaces what was there.
 */
function userDataParts(identity: GuestIdentity): Part[] {
  return [
    cloudConfig('castra-defaults', { preserve_hostname: false }),
    ...identity.parts,
    cloudConfig('castra-access', access(identity), ADD_TO_LISTS),
    cloudConfig('castra-identity', required(identity), REPLACE),
    ...(isAddedUser(identity) ? [addedUserScript(identity)] : []),
  ];
}

/** Lists grow, everything else stays as it was ("Merging User-Data Sections" in cloud-init's documentation). */
const ADD_TO_LISTS = 'list(append)+dict(no_replace,recurse_list)+str()';
const REPLACE = 'dict(replace)+list()+str()';

const isAddedUser = ({ sshUser, isImageUser }: GuestIdentity): boolean => sshUser !== 'root' && !isImageUser;

/** `default` stands for the image's own user: any list of users without it would leave that one out. */
function access(identity: GuestIdentity): object {
  const ssh_authorized_keys = [identity.authorizedKey];
  if (identity.sshUser === 'root') return { ssh_authorized_keys };
  return { ssh_authorized_keys, users: ['default', ...(isAddedUser(identity) ? [addedUser(identity)] : [])] };
}

function addedUser({ sshUser, authorizedKey }: GuestIdentity): object {
  return {
    name: sshUser,
    ssh_authorized_keys: [authorizedKey],
    sudo: 'ALL=(ALL) NOPASSWD:ALL',
    doas: [`permit nopass ${sshUser}`],
    shell: '/bin/sh',
  };
}

/** With keys of ours cloud-init makes no others (cc_ssh.py), and those of the image are every clone's. */
function required({ sshUser, hostKey }: GuestIdentity): object {
  return {
    ...(sshUser === 'root' ? { disable_root: false } : {}),
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: `${hostKey.publicKey}\n` },
  };
}

/**
 * Of two entries for one user, the first one's list of keys counts (`_normalize_users` in cloudinit/distros/ug_util.py).
 * That is right for the user's entry, but ours must not be lost.
 */
function addedUserScript({ sshUser, authorizedKey }: GuestIdentity): Part {
  const text = `#!/bin/sh
home=$(awk -F: '$1 == "${sshUser}" { print $6 }' /etc/passwd)
[ -n "$home" ] || exit 1
keys=$home/.ssh/authorized_keys
grep -qF '${keyWithoutComment(authorizedKey)}' "$keys" 2>/dev/null && exit 0
umask 077
mkdir -p "$home/.ssh" && echo '${keyWithoutComment(authorizedKey)}' >>"$keys" && chown "${sshUser}:" "$home/.ssh" "$keys"
`;
  return { kind: 'content', contentType: 'text/x-shellscript', filename: 'castra-access.sh', text };
}

const keyWithoutComment = (line: string): string => line.split(' ', 2).join(' ');

function cloudConfig(filename: string, config: object, mergeType?: string): Part {
  const text = `#cloud-config\n${JSON.stringify(config, null, 2)}\n`;
  return { kind: 'content', contentType: 'text/cloud-config', filename, text, ...(mergeType ? { mergeType } : {}) };
}
