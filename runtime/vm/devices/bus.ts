import type { LaunchPlan } from '../launchPlan.ts';
import { escapeComma } from './escapeComma.ts';

/** By this name a guest finds its port: `/dev/virtio-ports/dev.castra.bus.0`. */
const PORT_NAME = 'dev.castra.bus.0';

/**
 * A virtio-serial port whose other end is the broker. QEMU is the server of its socket: a broker that is started again
 * connects again, and a guest that writes while none is there waits.
 */
export function busPort({ sockets }: LaunchPlan): string[] {
  return [
    ...['-device', 'virtio-serial-pci,id=bus0'],
    ...['-chardev', `socket,id=bus0port,path=${escapeComma(sockets.bus)},server=on,wait=off`],
    ...['-device', `virtserialport,bus=bus0.0,chardev=bus0port,name=${PORT_NAME}`],
  ];
}
