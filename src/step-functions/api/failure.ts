/** Errors of the Step Functions API, in AWS's names and words. */

export class StatesApiError extends Error {
  readonly type: string;
  readonly more: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = type;
    this.type = type;
    this.more = more;
  }
}

export const machineMissing = (arn: string): StatesApiError =>
  new StatesApiError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);

export const executionMissing = (arn: string): StatesApiError =>
  new StatesApiError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);

export const invalidArn = (arn: unknown): StatesApiError =>
  new StatesApiError('InvalidArn', `Invalid Arn: '${String(arn)}'`);

export const invalidName = (name: unknown): StatesApiError =>
  new StatesApiError('InvalidName', `Invalid Name: '${String(name)}'`);

export const invalidDefinition = (text: string): StatesApiError =>
  new StatesApiError('InvalidDefinition', `Invalid State Machine Definition: '${text}'`);

export const typeNotSupported = (): StatesApiError =>
  new StatesApiError(
    'StateMachineTypeNotSupported',
    'This operation is not supported by this type of state machine',
  );

export const validation = (field: string, value: unknown, rule: string): StatesApiError =>
  new StatesApiError(
    'ValidationException',
    `1 validation error detected: Value ${value === undefined ? 'null' : `'${String(value)}'`} at '${field}' failed to satisfy constraint: ${rule}`,
  );

export const missing = (field: string): StatesApiError =>
  validation(field, undefined, 'Member must not be null');
