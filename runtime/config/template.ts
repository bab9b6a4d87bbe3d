import { DEFAULTS } from './defaults.ts';
import { basicString } from './toml/write.ts';

/** What `castra init` writes: valid whatever the name, and each commented setting is valid once its `#` is gone. */
export function configTemplate(projectName: string): string {
  return `# The VMs of this project. \`castra validate\` checks this file, \`castra up\` starts the VMs.

version = "0.2.0"

[project]
name = ${basicString(projectName === '' ? DEFAULT_NAME : projectName)}

# How processors are virtualized: "auto" uses this host's accelerator if it works, else "tcg", which is slow.
# accelerator = "${DEFAULTS.project.accelerator}"

# The folder for logs, overlays and sockets. Default: a folder below ~/.castra/projects.
# state_dir = ".castra"

# How long \`castra down\` waits at each step, in seconds.
# [lifecycle]
# graceful_shutdown_wait_secs = ${DEFAULTS.lifecycle.graceful_shutdown_wait_secs}
# sigterm_wait_secs = ${DEFAULTS.lifecycle.sigterm_wait_secs}
# sigkill_wait_secs = ${DEFAULTS.lifecycle.sigkill_wait_secs}

# The broker, which carries messages between the VMs and this host.
# [broker]
# port = ${DEFAULTS.broker.port}

# Defaults for the script that sets up a VM: bootstrap/<vm>/run.sh, if it exists.
# [bootstrap]
# mode = "${DEFAULTS.bootstrap.mode}"
# handshake_timeout_secs = ${DEFAULTS.bootstrap.handshake_timeout_secs}
# env = { EDITOR = "vi" }

# One [[vms]] table per role. Its VMs are called devbox-0, devbox-1, and so on.
[[vms]]
name = "devbox"

# How many equal VMs to run.
# count = ${DEFAULTS.vms.count}

# A qcow2 image to start from, relative to this file. Castra never writes to it. Default: an Alpine Linux image.
# base_image = "images/devbox.qcow2"

# cpus = ${DEFAULTS.vms.cpus}
# memory = "${DEFAULTS.vms.memory}"

# What proves that the VM is up: "ssh", "serial:<regular expression>" or "none".
# ready = "${DEFAULTS.vms.ready}"
# ready_timeout_secs = ${DEFAULTS.vms.ready_timeout_secs}

# Ports of this host that lead to the VM; \`host = 0\` takes any free port. Castra adds one for SSH.
# [[vms.port_forwards]]
# host = 0
# guest = 80
`;
}

const DEFAULT_NAME = 'project';
