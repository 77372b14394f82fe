/** An answer that is an error, as AWS names it. */
export class ApiFault extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'ApiFault';
    this.code = code;
    this.status = status;
  }
}

export function notFound(message: string, status = 400): ApiFault {
  return new ApiFault('ResourceNotFoundException', message, status);
}

export function invalid(message: string): ApiFault {
  return new ApiFault('ValidationException', message);
}
