/** Which rule of a load balancer a request meets (contract 11.5). Pure. */

import { BlockList, isIP } from 'node:net';
import { like } from '../http-events/like.js';
import type { LoadBalancerCondition, LoadBalancerRule } from '../stack/http.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Without the port. */
  readonly host: string;
  readonly rawHeaders: readonly string[];
  readonly sourceIp: string;
}

export function findRule(
  rules: readonly LoadBalancerRule[],
  asked: Asked,
): LoadBalancerRule | undefined {
  return rules.find(({ conditions }) => conditions.every((condition) => holds(condition, asked)));
}

function holds(condition: LoadBalancerCondition, asked: Asked): boolean {
  switch (condition.field) {
    case 'path-pattern':
      return condition.values.some((pattern) => like(pattern, asked.path));
    case 'host-header':
      return condition.values.some((pattern) => alike(pattern, asked.host));
    case 'http-request-method':
      return condition.values.includes(asked.method);
    case 'source-ip':
      return condition.values.some((block) => inBlock(asked.sourceIp, block));
    case 'http-header': {
      const values = valuesOf(asked.rawHeaders, condition.name);
      return values.some((value) => condition.values.some((pattern) => alike(pattern, value)));
    }
    case 'query-string': {
      const pairs = [...new URLSearchParams(asked.query)];
      return condition.pairs.some(({ key, value }) =>
        pairs.some(
          ([name, given]) => (key === undefined || alike(key, name)) && alike(value, given),
        ),
      );
    }
  }
}

function alike(pattern: string, text: string): boolean {
  return like(pattern.toLowerCase(), text.toLowerCase());
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const wanted = name.toLowerCase();
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === wanted,
  );
}

function inBlock(address: string, block: string): boolean {
  const [network = '', bits] = block.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) === 0 || isIP(address) !== isIP(network)) return false;
  const list = new BlockList();
  list.addSubnet(
    network,
    bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits),
    family,
  );
  return list.check(address, family);
}
