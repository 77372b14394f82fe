/** What the role of a function would allow. Nothing here checks it; it is read to be shown. */

export interface FunctionPermissions {
  readonly functionName: string;
  /** Name or ARN of a role that the template does not make. */
  readonly role?: string;
  readonly grants: readonly Grant[];
}

export type Grant =
  | {
      readonly kind: 'managed policy';
      /** Name or ARN. */
      readonly name: string;
    }
  | {
      /** One of SAM's policy templates, such as `S3ReadPolicy`. */
      readonly kind: 'policy template';
      readonly name: string;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'statement';
      readonly effect: 'Allow' | 'Deny';
      readonly actions: readonly string[];
      readonly resources: readonly string[];
    }
  | {
      /** SAM's connector from the function to a resource. */
      readonly kind: 'connector';
      readonly destination: string;
      readonly permissions: readonly string[];
    };

export function grantText(grant: Grant): string {
  switch (grant.kind) {
    case 'managed policy':
      return grant.name.replace(/^arn:[^:]+:iam::[^:]*:policy\//, '');
    case 'policy template': {
      const given = Object.entries(grant.parameters).map(([name, value]) => `${name}: ${value}`);
      return given.length === 0 ? grant.name : `${grant.name} (${given.join(', ')})`;
    }
    case 'statement': {
      const effect = grant.effect === 'Deny' ? 'not ' : '';
      return `${effect}${grant.actions.join(', ')} on ${grant.resources.join(', ')}`;
    }
    case 'connector':
      return `${grant.permissions.join(' and ')} to ${grant.destination}`;
  }
}
