import type { DateTimeForm } from './syntax.ts';

export interface ParsedDateTime {
  readonly form: DateTimeForm;
  /** False for a well-formed date or time that no calendar or clock shows, such as 30 February. */
  readonly exists: boolean;
}

const DATE = String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)`;
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.\d+)?)?`;
const OFFSET = String.raw`(?<offset>[Zz]|[+-](?<offsetHour>\d\d):(?<offsetMinute>\d\d))`;
const DATE_TIME = new RegExp(`^(?:${DATE}(?:[Tt ]${TIME}${OFFSET}?)?)$`);
const LOCAL_TIME = new RegExp(`^${TIME}$`);

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

type Fields = Readonly<Partial<Record<string, string>>>;

/** Reads an RFC 3339 date, time or date-time as TOML allows it, seconds optional; undefined when `text` is none. */
export function parseDateTime(text: string): ParsedDateTime | undefined {
  const fields: Fields | undefined = DATE_TIME.exec(text)?.groups ?? LOCAL_TIME.exec(text)?.groups;
  if (fields === undefined) return undefined;
  return { form: formOf(fields), exists: isDate(fields) && isTime(fields) };
}

function formOf(fields: Fields): DateTimeForm {
  if (fields.year === undefined) return 'local-time';
  if (fields.hour === undefined) return 'local-date';
  return fields.offset === undefined ? 'local-date-time' : 'offset-date-time';
}

function isDate(fields: Fields): boolean {
  if (fields.year === undefined) return true;
  const [year, month, day] = [Number(fields.year), Number(fields.month), Number(fields.day)];
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeapYear ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

/** RFC 3339 allows second 60 for leap seconds. */
function isTime(fields: Fields): boolean {
  const { hour = '0', minute = '0', second = '0', offsetHour = '0', offsetMinute = '0' } = fields;
  const isClockTime = Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60;
  return isClockTime && Number(offsetHour) < 24 && Number(offsetMinute) < 60;
}
