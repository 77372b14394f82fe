/** CreateStateMachine and its like. */

import { validate } from '../interpreter/validate.js';
import type { Diagnostic } from '../interpreter/diagnostics.js';
import { MOST_DEFINITION_BYTES } from '../interpreter/validate.js';
import type { MachineType } from '../names.js';
import type { MachineRecord } from '../records.js';
import {
  invalidArn,
  invalidDefinition,
  machineMissing,
  missing,
  StatesApiError,
  validation,
} from './failure.js';
import {
  machineIn,
  nameIn,
  optionalText,
  pageAfter,
  pageSize,
  pageToken,
  seconds,
  text,
  type Input,
} from './input.js';
import type { ApiParts, Operation } from './parts.js';

const EXTRAS = ['loggingConfiguration', 'tracingConfiguration', 'encryptionConfiguration'];
const DEFAULT_EXTRAS = {
  loggingConfiguration: { level: 'OFF', includeExecutionData: false },
  tracingConfiguration: { enabled: false },
};

export const createStateMachine: Operation = ({ machines }, input) => {
  const name = nameIn(input);
  const definition = definitionIn(input, typeIn(input));
  const type = typeIn(input);
  const roleArn = text(input, 'roleArn');
  if (!/^arn:aws[\w-]*:iam::/.test(roleArn)) throw invalidArn(roleArn);
  if (input['publish'] === true) throw noVersions();
  const extras = extrasIn(input);
  const known = machines.list().find((machine) => machine.name === name);
  if (known !== undefined) {
    // Asking twice for the same is one request.
    if (known.definition === definition && known.type === type) return created(known);
    throw new StatesApiError(
      'StateMachineAlreadyExists',
      `State Machine Already Exists: '${known.arn}'`,
    );
  }
  return created(
    machines.create({ name, type, definition, roleArn, extras, tags: tagsIn(input['tags']) }),
  );
};

export const updateStateMachine: Operation = ({ machines }, input) => {
  const known = machine({ machines }, input);
  if (input['publish'] === true) throw noVersions();
  const definition =
    input['definition'] === undefined ? undefined : definitionIn(input, known.type);
  const roleArn = optionalText(input, 'roleArn');
  const extras = extrasIn(input);
  if (definition === undefined && roleArn === undefined && Object.keys(extras).length === 0) {
    throw new StatesApiError(
      'MissingRequiredParameter',
      'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
    );
  }
  const updated = machines.update(known, {
    ...(definition === undefined ? {} : { definition }),
    ...(roleArn === undefined ? {} : { roleArn }),
    extras: { ...known.extras, ...extras },
  });
  return { updateDate: seconds(updated.updatedAtMs), revisionId: updated.revisionId };
};

export const deleteStateMachine: Operation = ({ machines }, input) => {
  machines.delete(machineIn(input));
  return {};
};

export const describeStateMachine: Operation = (parts, input) => {
  const found = machine(parts, input);
  return {
    stateMachineArn: found.arn,
    name: found.name,
    status: 'ACTIVE',
    type: found.type,
    definition: found.definition,
    roleArn: found.roleArn,
    creationDate: seconds(found.createdAtMs),
    revisionId: found.revisionId,
    ...DEFAULT_EXTRAS,
    ...found.extras,
  };
};

export const listStateMachines: Operation = ({ machines }, input) => {
  const after = pageAfter(input) ?? 0;
  const size = pageSize(input);
  const all = machines.list();
  const page = all.slice(after, after + size);
  return {
    stateMachines: page.map(({ arn, name, type, createdAtMs }) => ({
      stateMachineArn: arn,
      name,
      type,
      creationDate: seconds(createdAtMs),
    })),
    ...(after + size < all.length ? { nextToken: pageToken(after + size) } : {}),
  };
};

export const validateStateMachineDefinition: Operation = (_, input) => {
  const written = text(input, 'definition');
  const found = diagnosticsOf(written, typeIn(input));
  const { severity = 'ERROR' } = input;
  const shown = found.filter((each) => severity === 'WARNING' || each.severity === 'ERROR');
  const most = pageSize(input, 100, 100);
  return {
    result: found.some((each) => each.severity === 'ERROR') ? 'FAIL' : 'OK',
    diagnostics: shown.slice(0, most).map(({ severity: level, code, message, path, expected }) => ({
      severity: level,
      code,
      message: `${message}; expected ${expected}`,
      location: locationOf(path),
    })),
    truncated: shown.length > most,
  };
};

export const listTagsForResource: Operation = ({ machines }, input) => {
  const found = tagged(machines, input);
  return { tags: Object.entries(found.tags).map(([key, value]) => ({ key, value })) };
};

export const tagResource: Operation = ({ machines }, input) => {
  const found = tagged(machines, input);
  machines.tag(found, { ...found.tags, ...tagsIn(input['tags'] ?? []) });
  return {};
};

export const untagResource: Operation = ({ machines }, input) => {
  const found = tagged(machines, input);
  const { tagKeys: keys } = input;
  if (!Array.isArray(keys)) throw missing('tagKeys');
  machines.tag(
    found,
    Object.fromEntries(Object.entries(found.tags).filter(([key]) => !keys.includes(key))),
  );
  return {};
};

/** Raises `StateMachineDoesNotExist`. */
export function machine({ machines }: Pick<ApiParts, 'machines'>, input: Input): MachineRecord {
  const arn = machineIn(input);
  const found = machines.find(arn);
  if (found === undefined) throw machineMissing(arn);
  return found;
}

function tagsIn(written: unknown): Readonly<Record<string, string>> {
  if (written === undefined || written === null) return {};
  if (!Array.isArray(written)) throw validation('tags', written, 'Member must be a list');
  const tags = Object.fromEntries(
    (written as readonly { key?: unknown; value?: unknown }[]).map(({ key, value }) => [
      String(key),
      String(value ?? ''),
    ]),
  );
  if (Object.keys(tags).length > 50) {
    throw new StatesApiError('TooManyTags', 'There are more than 50 tags');
  }
  return tags;
}

/** `/States/Pay/Next`, as AWS writes it. */
export function locationOf(path: string): string {
  return path === '' ? '/' : `/${path.replaceAll('.', '/')}`;
}

function diagnosticsOf(written: string, type: MachineType): Diagnostic[] {
  let definition: unknown;
  try {
    definition = JSON.parse(written);
  } catch (error) {
    return [
      {
        severity: 'ERROR',
        code: 'INVALID_JSON_DESCRIPTION',
        message: error instanceof Error ? error.message : String(error),
        path: '',
        expected: 'JSON',
        remedy: 'Correct it.',
      },
    ];
  }
  return validate(definition, type);
}

function tagged(machines: ApiParts['machines'], input: Input): MachineRecord {
  const arn = text(input, 'resourceArn');
  const found = machines.find(arn);
  if (found === undefined) {
    throw new StatesApiError('ResourceNotFound', `Resource not found: '${arn}'`, {
      resourceName: arn,
    });
  }
  return found;
}

function created({ arn, createdAtMs }: MachineRecord): object {
  return { stateMachineArn: arn, creationDate: seconds(createdAtMs) };
}

function typeIn(input: Input): MachineType {
  const { type = 'STANDARD' } = input;
  if (type === 'STANDARD' || type === 'EXPRESS') return type;
  throw validation('type', type, 'Member must satisfy enum value set: [STANDARD, EXPRESS]');
}

function definitionIn(input: Input, type: MachineType): string {
  const written = text(input, 'definition');
  if (Buffer.byteLength(written) > MOST_DEFINITION_BYTES) {
    throw invalidDefinition(`DEFINITION_TOO_LARGE: at most ${MOST_DEFINITION_BYTES} bytes`);
  }
  const errors = diagnosticsOf(written, type).filter(({ severity }) => severity === 'ERROR');
  if (errors.length === 0) return written;
  const told = errors.map(
    ({ code, message, path, expected }) =>
      `${code}: ${message}; expected ${expected} at ${locationOf(path)}`,
  );
  throw invalidDefinition(told.join(', '));
}

function extrasIn(input: Input): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    EXTRAS.filter((key) => input[key] !== undefined).map((key) => [key, input[key]]),
  );
}

function noVersions(): StatesApiError {
  return new StatesApiError('ValidationException', 'Versions of state machines are not kept here');
}
