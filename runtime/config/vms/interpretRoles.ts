import type { Fields } from '../fields.ts';
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
  const roles = tables.map((table, row) => {
    const hasCount = findings.isMentioned(['vms', row, 'count']);
    const before = known[row];
    if (!before || before.hasCount !== hasCount || !isSamePlain(before.table, table)) {
      return { ...interpretRole(table, row, context, findings), hasCount };
    }
    for (const finding of before.findings) findings.report(finding);
    return before;
  });
  return { context, roles };
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
