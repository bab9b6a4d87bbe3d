import type { ProjectConfig, ProjectPlace } from '../../config/project.ts';
import type { DoctorFinding, DoctorOptions } from '../../contract/doctor.ts';
import type { HostSettings } from '../../contract/project.ts';

/** What is looked at: always the host, and the project as far as there is one. */
export interface Examined {
  readonly settings: HostSettings;
  readonly variables: NonNullable<DoctorOptions['variables']>;
  readonly place?: ProjectPlace;
  readonly project?: ProjectConfig;
}

export type Check = (examined: Examined) => readonly DoctorFinding[] | Promise<readonly DoctorFinding[]>;

export function fine(check: string, message: string, details: DoctorFinding['details'] = {}): DoctorFinding {
  return { check, status: 'ok', message, details };
}

export function problem(
  status: 'info' | 'warning' | 'error',
  check: string,
  message: string,
  fix: string,
  details: DoctorFinding['details'] = {},
): DoctorFinding {
  return { check, status, message, fix, details };
}
