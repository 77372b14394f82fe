/** Tables as text: aligned for a terminal, tab-separated for a pipe. Pure. */

export type Style = (text: string) => string;

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | Cell)[])[];
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';
/** A last column cut to less than this says nothing; the line wraps instead. */
const SHORTEST_LAST_COLUMN = 16;

/** Aligned columns. The last one is cut with an ellipsis where `width` ends. */
export function alignedLines(table: Table, look: { width: number; header: Style }): string[] {
  const texts = table.rows.map((row) => row.map((cell) => oneLine(cellOf(cell).text)));
  const widths = table.columns.map((column, index) =>
    Math.max(column.title.length, ...texts.map((row) => (row[index] ?? '').length)),
  );
  const last = table.columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = look.width - before;
  if (room >= SHORTEST_LAST_COLUMN) widths[last] = Math.min(widths[last] ?? 0, room);

  const line = (row: readonly string[], styleOf: (index: number) => Style | undefined): string =>
    table.columns
      .map((column, index) => {
        const width = widths[index] ?? 0;
        const text = cut(row[index] ?? '', width);
        // Nothing follows the last column, so blanks after it would only widen the line.
        const end = index === last && column.align !== 'right';
        const padded =
          column.align === 'right' ? text.padStart(width) : text.padEnd(end ? 0 : width);
        return styleOf(index)?.(padded) ?? padded;
      })
      .join(GAP)
      .trimEnd();

  const titles = table.columns.map((column) => column.title);
  return [
    line(titles, () => look.header),
    ...table.rows.map((row, index) =>
      line(texts[index] ?? [], (column) => {
        const cell = row[column];
        return cell === undefined ? undefined : cellOf(cell).style;
      }),
    ),
  ];
}

/** One line for each row and the titles first; fields hold no tabs and no line breaks. */
export function tabLines(table: Table): string[] {
  return [
    table.columns.map((column) => column.title).join('\t'),
    ...table.rows.map((row) => row.map((cell) => oneLine(cellOf(cell).text)).join('\t')),
  ];
}

function cellOf(cell: string | Cell): Cell {
  return typeof cell === 'string' ? { text: cell } : cell;
}

function oneLine(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
