import agent from './agent.sh';
import busTool from './castra-bus.sh';
import install from './install.sh';

/** What the agent of a guest is told. */
export interface AgentConfig {
  readonly vm: string;
  /** Of the broker, for a guest that has to come over TCP. */
  readonly port: number;
  readonly token: string;
}

/**
 * A script for the guest's first boot that installs the agent and starts it. Plain POSIX sh: a distribution's cloud-init,
 * Alpine's tiny-cloud and the test guest all run such a part as root.
 */
export function agentScript({ vm, port, token }: AgentConfig): string {
  return [
    '#!/bin/sh',
    'umask 022',
    'mkdir -p /usr/local/sbin /usr/local/bin /etc/castra',
    file('/usr/local/sbin/castra-agent', agent),
    file('/usr/local/bin/castra-bus', busTool),
    'umask 077',
    file('/etc/castra/bus.conf', `BUS_VM='${vm}'\nBUS_PORT=${port}\nBUS_TOKEN='${token}'\n`),
    'chmod 755 /usr/local/sbin/castra-agent /usr/local/bin/castra-bus',
    'umask 022',
    install,
  ].join('\n');
}

const END = 'END_OF_CASTRA_FILE';

function file(path: string, text: string): string {
  if (text.includes(END)) throw new Error(`${path} has a line that ends here-documents`);
  return `cat >${path} <<'${END}'\n${text.trimEnd()}\n${END}`;
}
