import { shapeOf } from '../../text/keyDescriptions.ts';
import type { FixMaker } from './fix.ts';
import { closedStringAt } from './places.ts';

const PORTS = /^(?:(?<bind>\d+(?:\.\d+){3}):)?(?<host>\d{1,5}):(?<guest>\d{1,5})(?:\/(?<protocol>tcp|udp))?$/;

/** `"8080:80"`, as Docker and Compose write it, to a table. */
export const forwardTable: FixMaker = (analysis, { span }) => {
  const found = closedStringAt(analysis, span.from);
  const groups = found && PORTS.exec(found.value.value)?.groups;
  if (!groups || found.path.at(-2) !== 'port_forwards' || shapeOf(analysis.schema, found.path) !== 'table') return [];
  const { bind, host, guest, protocol } = groups;
  const text = [
    `host = ${Number(host)}`,
    `guest = ${Number(guest)}`,
    ...(protocol ? [`protocol = "${protocol}"`] : []),
    ...(bind ? [`bind = "${bind}"`] : []),
  ].join(', ');
  const changes = [{ from: found.value.from, to: found.value.to, text: `{ ${text} }` }];
  return [{ title: 'Write host and guest port as a table', changes, isPreferred: true }];
};
