import { basicString } from './toml/write.ts';

/** What `castra init` writes: valid whatever the name, and each commented setting is valid once its `#` is gone. */
export function configTemplate(projectName: string): string {
  return `# The VMs of this project. \`castra validate\` checks this file, \`castra up\` starts the VMs.

version = "0.2.0"

[project]
name = ${basicString(projectName === '' ? DEFAULT_NAME : projectName)}

# How processors are virtualized: "auto" uses this host's accelerator if it works, else "tcg", which is slow.
# accelerator = "auto"

# The folder for logs, overlays and sockets. Default: a folder below ~/.castra/projects.
# state_dir = ".castra"

# How long \`castra down\` waits at each step, in seconds.
# [lifecycle]
# graceful_shutdown_wait_secs = 20
# sigterm_wait_secs = 10
# sigkill_wait_secs = 5

# The broker, which carries messages between the VMs and this host.
# [broker]
# port = 7070

# Defaults for the script that sets up a VM: bootstrap/<vm>/run.sh, if it exists.
# [bootstrap]
# mode = "auto"
# handshake_timeout_secs = 300
# env = { EDITOR = "vi" }

# One [[vms]] table per role. Its VMs are called devbox-0, devbox-1, and so on.
[[vms]]
name = "devbox"

# How many equal VMs to run.
# count = 1

# A qcow2 image to start from, relative to this file. Castra never writes to it. Default: an Alpine Linux image.
# base_image = "images/devbox.qcow2"

# cpus = 2
# memory = "2 GiB"

# What proves that the VM is up: "ssh", "serial:<regular expression>" or "none".
# ready = "ssh"
# ready_timeout_secs = 300

# Ports of this host that lead to the VM; \`host = 0\` takes any free port. Castra adds one for SSH.
# [[vms.port_forwards]]
# host = 0
# guest = 80
`;
}

const DEFAULT_NAME = 'project';
