/** Where logs and records go that no test looks at. */

const nothing = (): void => undefined;

export const UNHEARD = { line: nothing, began: nothing, ended: nothing, record: nothing };
