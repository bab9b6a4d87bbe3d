import type { RunningOperation } from '../../runtime/contract/project.ts';
import type { StatusOutcome, VmStatus } from '../../runtime/contract/vms.ts';

export type Verb = 'up' | 'down' | 'resume';

/** What this window asked for and has not heard the end of. */
export interface Wish {
  /** Which command of this window it is. */
  readonly request: number;
  readonly vm: string;
  readonly verb: Verb;
  readonly step: string;
}

/** Why a VM is not what was asked for: in one line, and all of it. */
export interface FailureNote {
  readonly reason: string;
  readonly text: string;
  readonly at: number;
}

export interface ProjectState {
  readonly id: string;
  readonly outcome?: StatusOutcome;
  /** As the last castra.toml without errors had them, in its order. */
  readonly declared: readonly VmStatus[];
  readonly problem?: string;
  /** In the order of their requests: of one VM, the first is at work. */
  readonly wishes: readonly Wish[];
  readonly failures: ReadonlyMap<string, FailureNote>;
  /** When an event last said something of a VM. */
  readonly heard: ReadonlyMap<string, number>;
}

/** Everything that is known, by path of castra.toml. */
export type Fleet = ReadonlyMap<string, ProjectState>;

export const emptyFleet: Fleet = new Map();

/** The commands that change the project, from this window or elsewhere. */
export function operationsIn(outcome: StatusOutcome | undefined): readonly RunningOperation[] {
  return outcome?.operations ?? (outcome?.operation ? [outcome.operation] : []);
}

export const operationOn = (outcome: StatusOutcome | undefined, vm: string): RunningOperation | undefined =>
  operationsIn(outcome).find(({ vms }) => vms.includes(vm));

export const newProject = (id: string): ProjectState => ({
  id,
  declared: [],
  wishes: [],
  failures: new Map(),
  heard: new Map(),
});
