/** What of a project is not taken as written: one line for each reason, however many it is for. */

import type { Config, SettingNotice } from '../config/config.js';
import { count } from './format.js';
import type { Report } from './report.js';

/** So many of one reason are named; `--verbose` names all. */
const NAMED = 3;

export function showNotices(report: Report, config: Config): void {
  const { notices } = config;
  if (report.json) {
    for (const notice of notices) report.printJson({ event: 'notice', ...notice });
    return;
  }
  if (notices.length === 0) return;
  report.warn(
    `${count(notices.length, 'setting')} of ${config.source} not taken as written (--strict refuses):`,
  );
  for (const line of noticeLines(notices, report)) report.note(line);
}

function noticeLines(notices: readonly SettingNotice[], report: Report): string[] {
  return grouped(notices).map(({ treatment, reason, paths }) => {
    const named = report.verbose ? paths : paths.slice(0, NAMED);
    const left = paths.length - named.length;
    const more = left === 0 ? '' : ` and ${left} more`;
    return `  ${named.join(', ')}${more}  ${report.paintError.yellow(treatment)}: ${reason}`;
  });
}

export interface NoticeGroup {
  readonly treatment: SettingNotice['treatment'];
  readonly reason: string;
  readonly paths: readonly string[];
}

/** What is approximated first; else in the order of the file. */
export function grouped(notices: readonly SettingNotice[]): readonly NoticeGroup[] {
  const groups = new Map<string, { notice: SettingNotice; paths: string[] }>();
  for (const notice of notices) {
    const key = `${notice.treatment} ${notice.reason}`;
    const group = groups.get(key) ?? { notice, paths: [] };
    group.paths.push(notice.path);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map(({ notice: { treatment, reason }, paths }) => ({ treatment, reason, paths }))
    .sort((one, other) => one.treatment.localeCompare(other.treatment));
}
