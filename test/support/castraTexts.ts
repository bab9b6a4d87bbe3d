import { configTemplate } from '../../runtime/config/template.ts';
import { INVALID, PROJECT, VALID } from '../runtime/config/toml/fixtures.ts';
import { createMutator } from '../runtime/config/toml/fuzz.ts';

/** A castra.toml with a little of everything, valid. */
export const REALISTIC = `# A project as people write it: caf\u00e9, \u{1f41f}.
version = "0.2.0"

[project]
name = "shop"
accelerator = 'tcg'
state_dir = ".state"

[broker]
port = 7071

[bootstrap]
mode = "auto"
env = { EDITOR = "vi", "LANG" = "C" }

[[vms]]
name = "web"
count = 3 # web-0 to web-2
base_image = "images/web.qcow2"
cpus = 2
memory = "1 GiB"
port_forwards = [
  { host = 8080, guest = 80 },
  { host = 8443, guest = 443, protocol = "tcp", bind = "127.0.0.1" },
]
ready = "serial:login: $"
qemu_args = ["-device", "virtio-rng-pci"]
bootstrap.script = "setup.sh"
bootstrap.env.ROLE = "web"

[[vms.instances]]
id = "web-1"
memory = 2048
overlay = ".castra/web.qcow2"

[[vms.instances.port_forwards]]
host = 9090
guest = 90

[[vms]]
name = "db"
description = """
Holds
what is sold."""
user_data = """
#cloud-config
packages: [postgresql]
"""

[[vms.port_forwards]]
host = 0
guest = 5432

[vms.bootstrap]
payload = "bootstrap/db"
verify_command = "pg_isready"

[lifecycle]
graceful_shutdown_wait_secs = 60

[workflows]
init = ["npm ci"]
`;

const WHOLE = [PROJECT, configTemplate('demo'), REALISTIC];

/** Broken, odd and mutilated documents, the same ones each time. */
export const ODD: readonly string[] = [
  ...WHOLE,
  REALISTIC.replaceAll('\n', '\r\n'),
  ...[VALID, INVALID].flatMap((corpus) => Object.values(corpus).flat()),
  ...mutated(60),
];

function mutated(count: number): string[] {
  const { next } = createMutator(WHOLE, 7);
  return Array.from({ length: count }, next);
}
