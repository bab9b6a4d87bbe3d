import { DEFAULTS } from '../defaults.ts';
import { type Fields, integer } from '../fields.ts';
import type { Finding, Findings } from '../findings/findings.ts';
import { isSamePlain } from '../toml/meaning/values.ts';
import type { VersionClass } from '../version.ts';
import type { PlacedVm } from './placedVm.ts';
import { checkQemuArguments } from './qemuArguments.ts';
import { expandRole } from './replicas.ts';
import { interpretVm, type VmContext } from './virtualMachine.ts';

/** What VMs get from the rest of the file. Plain data: two that say the same are the same. */
export interface RoleContext extends Omit<VmContext, 'findings'> {
  readonly version: VersionClass;
}

/** What one `[[vms]]` table comes to, and what there was to say of it. */
interface InterpretedRole {
  readonly table: Fields | undefined;
  /** A `count` without a value is not in the table. */
  readonly hasCount: boolean;
  readonly placed: readonly PlacedVm[];
  readonly findings: readonly Finding[];
}

export interface InterpretedRoles {
  readonly context: RoleContext;
  readonly roles: readonly InterpretedRole[];
}

/** The VMs of each table by itself. A table that says in the same row what it said earlier is not looked at again. */
export function interpretRoles(
  tables: readonly (Fields | undefined)[],
  context: RoleContext,
  findings: Findings,
  earlier?: InterpretedRoles,
): InterpretedRoles {
  const known = earlier && isSamePlain(earlier.context, context) ? earlier.roles : [];
  let total = 0;
  const roles = tables.map((table, row) => {
    const before = total;
    total += integer(table?.count, 1, MAX_VMS) ?? DEFAULTS.vms.count;
    if (total > MAX_VMS) return refuseMore(row, before <= MAX_VMS, findings);
    const hasCount = findings.isMentioned(['vms', row, 'count']);
    const earlierRole = known[row];
    if (!earlierRole || earlierRole.hasCount !== hasCount || !isSamePlain(earlierRole.table, table)) {
      return { ...interpretRole(table, row, context, findings), hasCount };
    }
    for (const finding of earlierRole.findings) findings.report(finding);
    return earlierRole;
  });
  return { context, roles };
}

/** Of a project. Each is a QEMU with memory of its own; what has more is a mistake, or meant to exhaust this host. */
const MAX_VMS = 1000;

/** The first role that is too many is reported; it and the others are not read. */
function refuseMore(row: number, isFirst: boolean, findings: Findings) {
  if (isFirst)
    findings.report({
      severity: 'error',
      code: 'config/out-of-range',
      message: `With this role the project has more than ${MAX_VMS} VMs.`,
      help: 'Lower `count`, or divide the VMs among several projects.',
      path: ['vms', row],
    });
  // Without its table, so that no later analysis takes it for a role that was read.
  return { table: undefined, placed: [], findings: [], hasCount: false };
}

function interpretRole(table: Fields | undefined, row: number, context: RoleContext, findings: Findings) {
  const reported: Finding[] = [];
  const noting: Findings = {
    ...findings,
    report(finding) {
      reported.push(finding);
      findings.report(finding);
    },
  };
  const placed = table ? readRole(table, ['vms', row], { ...context, findings: noting }) : [];
  return { table, placed, findings: reported };
}

function readRole(table: Fields, path: readonly (string | number)[], context: RoleContext & VmContext): PlacedVm[] {
  checkQemuArguments(table, path, context.findings);
  return expandRole(table, path, context.version, context.findings).map((replica) => interpretVm(replica, context));
}
