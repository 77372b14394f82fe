/** `orchestrator sources`: everything that leads events to functions, and how it fares. */

import type { SourceStatus } from '../view.js';
import { parseArn } from '../stack/arns.js';
import { createAdminClient, runOf } from './admin-client.js';
import { STATE_OPTION, type Command } from './command.js';
import { count } from './format.js';
import { EXIT } from './host.js';
import type { Paint } from './paint.js';
import type { Cell, Style, Table } from './table.js';

export const sources: Command = {
  name: 'sources',
  summary: 'List what leads events to functions: queues, streams, routes, schedules',
  options: STATE_OPTION,
  examples: [
    ['sources', 'of the project around this folder'],
    ['sources --json | jq .sources', 'with whole ARNs, for programs'],
  ],
  async run({ args, host, report }) {
    const list = await createAdminClient(runOf({ args, host })).sources();
    if (report.json) {
      report.printJson({ sources: list });
      return EXIT.ok;
    }
    if (list.length > 0) report.table(tableOf(list, report.paint));
    report.note(report.paintError.dim(count(list.length, 'source')));
    return EXIT.ok;
  },
};

function tableOf(list: readonly SourceStatus[], paint: Paint): Table {
  return {
    columns: [
      { title: 'KIND' },
      { title: 'ID' },
      { title: 'FROM' },
      { title: 'TO' },
      { title: 'STATE' },
      { title: 'FIGURES' },
      { title: 'LAST' },
    ],
    rows: list.map(({ kind, id, from, to, state, last = '', figures = {} }) => [
      kind,
      id,
      nameOf(from),
      nameOf(to),
      stateCell(state, paint),
      Object.entries(figures)
        .map(([name, value]) => `${value} ${name}`)
        .join(', '),
      last,
    ]),
  };
}

/** The service and the name say enough to people. */
function nameOf(text: string): string {
  const arn = parseArn(text);
  return arn === undefined ? text : arn.resource.replace(/^function:/, '');
}

function stateCell(state: string, paint: Paint): Cell {
  const styles: Readonly<Record<string, Style>> = {
    Enabled: paint.green,
    Disabled: paint.dim,
    Problem: paint.red,
  };
  const style = styles[state];
  return style === undefined ? { text: state } : { text: state, style };
}
