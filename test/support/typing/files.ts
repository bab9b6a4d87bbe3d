/** Files as people write them, from the first character to the last. Nothing in them is wrong when they are done. */
export const TYPED_FILES: Readonly<Record<string, string>> = {
  'a first VM': `version = "0.2.0"

[project]
name = "blog"

[[vms]]
name = "web"
cpus = 2
memory = "2 GiB"

[[vms.port_forwards]]
host = 8080
guest = 80
`,
  'a web shop': `# The shop, as it runs in production.
version = "0.2.0"

[project]
name = "shop"
state_dir = ".castra"

[lifecycle]
graceful_shutdown_wait_secs = 30

[[vms]]
name = "db"
description = "PostgreSQL 16"
cpus = 4
memory = "4 GiB"
base_image = "images/debian.qcow2"
port_forwards = [{ host = 5432, guest = 5432 }]
user_data = """
#cloud-config
packages:
  - postgresql
"""

[[vms]]
name = "web"
count = 3
memory = "1 GiB"
base_image = "images/debian.qcow2"
needs = ["db"]
ready = "serial:login: $"
qemu_args = [
  "-device",
  "virtio-rng-pci",
]

[[vms.port_forwards]]
host = 8000
guest = 80

[[vms.instances]]
id = "web-0"
cpus = 2
memory = "2 GiB"

[vms.bootstrap]
script = "scripts/web.sh"
env = { MODE = "production", WORKERS = "4" }
`,
  'a lab for tests': `version = "0.2.0"

[project]
name = "lab"
accelerator = "tcg"

[images]
mirrors = ["https://mirror.example/alpine/"]

[logs]
max_size = "64 MiB"
keep = 2

[[vms]]
name = "runner"
base_image = "https://images.example/runner.qcow2"
base_image_sha256 = "${'0123456789abcdef'.repeat(4)}"
overlay_size = "20 GiB"
ssh_user = "ci"

[vms.bootstrap.env]
CI_TOKEN = "none"
CI_REGION = "eu"

[[vms]]
name = "cache"
memory = "512 MiB"
ready = "none"

[[vms.port_forwards]]
host = 2222
guest = 22

[[vms.port_forwards]]
host = 5353
guest = 53
protocol = "udp"

[workflows]
init = ["up", "exec runner -- true"]
`,
};

/** What the files refer to, so that no missing file is reported. */
export const FILES_AROUND: readonly string[] = ['images/debian.qcow2', 'scripts/web.sh'];
