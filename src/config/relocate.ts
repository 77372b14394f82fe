/** What is told of a template that nobody wrote as it stands is told where its parts are written. */

import type { SettingNotice } from './config.js';
import type { Problems } from './problems.js';

export function relocate(
  placed: (path: string) => string,
  { problems, notices }: { readonly problems: Problems; readonly notices: SettingNotice[] },
): void {
  problems.relocate(placed);
  notices.forEach((notice, index) => {
    notices[index] = { ...notice, path: placed(notice.path) };
  });
}
