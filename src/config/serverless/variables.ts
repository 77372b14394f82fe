/**
 * The variables of `serverless.yml` (contract 12.7): `${source:address, fallback}`, nested, in any
 * text. What only AWS knows stands as a value that cannot be known here; CloudFormation's own
 * `${AWS::Region}` stays as it is.
 */

import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { messageOf } from '../../errors.js';
import { readDocument } from '../document.js';
import { isMap, own, type Map as Named } from '../map.js';
import { Problems } from '../problems.js';
import { readSource } from '../source.js';

export interface VariableSources {
  /** The document as written. */
  readonly document: unknown;
  readonly directory: string;
  readonly stage: string;
  readonly region: string;
  readonly accountId: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values given for parameters and options. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly problems: Problems;
  /** Takes the paths of files that were read. */
  readonly files: string[];
}

/** Sources that only AWS, or a plugin, can answer. */
const ELSEWHERE = /^(cf|ssm|s3|git|doppler|vault|terraform|output|aws)$/;
const SOURCE = /^([a-zA-Z][\w-]*)(?:\((.*?)\))?(?::([\s\S]*))?$/;
const KNOWN = new Set(['env', 'self', 'param', 'opt', 'sls', 'file', 'strToBool', 'aws']);
const MISSING = Symbol('missing');
const DEEPEST = 60;

export class Variables {
  readonly #sources: VariableSources;
  readonly #documents = new Map<string, unknown>();
  /** What is being resolved: a variable that needs itself has no value. */
  readonly #under: string[] = [];

  constructor(sources: VariableSources) {
    this.#sources = sources;
  }

  /** `value` with every variable in it replaced; `path` is where it stands. */
  resolve(value: unknown, path: string, depth = 0): unknown {
    if (depth > DEEPEST) return value;
    if (typeof value === 'string') return this.#text(value, path, depth);
    if (Array.isArray(value)) {
      return value.map((item, index) => this.resolve(item, joined(path, String(index)), depth + 1));
    }
    if (!isMap(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        this.resolve(item, joined(path, key), depth + 1),
      ]),
    );
  }

  #text(text: string, path: string, depth: number): unknown {
    const parts: unknown[] = [];
    let from = 0;
    for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', from)) {
      const end = endOf(text, at);
      if (end < 0) break;
      const inner = text.slice(at + 2, end);
      const value = this.#variable(inner, path, depth);
      parts.push(text.slice(from, at));
      parts.push(value === MISSING ? text.slice(at, end + 1) : value);
      from = end + 1;
    }
    if (parts.length === 0) return text;
    parts.push(text.slice(from));
    const said = parts.filter((part) => part !== '');
    if (said.length === 1) return said[0];
    if (!said.some(isIntrinsic)) return said.map(written).join('');
    return { 'Fn::Join': ['', said.map((part) => (isIntrinsic(part) ? part : written(part)))] };
  }

  /** `MISSING`: it is none of ours, and stays. */
  #variable(inner: string, path: string, depth: number): unknown {
    // Variables inside name the others.
    const whole = inner.includes('${') ? written(this.#text(inner, path, depth + 1)) : inner;
    const alternatives = split(whole);
    const first = SOURCE.exec(alternatives[0] ?? '');
    const isOurs = first !== null && (KNOWN.has(first[1] ?? '') || ELSEWHERE.test(first[1] ?? ''));
    if (!isOurs || whole.startsWith('AWS::')) return MISSING;
    if (this.#under.includes(whole) || depth > DEEPEST) {
      this.#sources.problems.add({
        path,
        value: `\${${whole}}`,
        expected: 'a variable that does not need itself',
        remedy: `Break the circle: ${[...this.#under, whole].join(' → ')}.`,
      });
      return '';
    }
    this.#under.push(whole);
    try {
      for (const alternative of alternatives) {
        const value = this.#alternative(alternative, path, depth);
        if (value !== MISSING && value !== null) return value;
      }
    } finally {
      this.#under.pop();
    }
    return this.#unanswered(whole, alternatives, path);
  }

  #unanswered(whole: string, alternatives: readonly string[], path: string): unknown {
    const remote = alternatives.find((one) => ELSEWHERE.test(SOURCE.exec(one)?.[1] ?? ''));
    if (remote !== undefined) return { 'Fn::ImportValue': `\${${remote}}` };
    if (alternatives.some((one) => one === 'null')) return null;
    const [, source = '', , address = ''] = SOURCE.exec(alternatives[0] ?? '') ?? [];
    const remedies: Readonly<Record<string, string>> = {
      env: `Set ${address} in the environment or in .env`,
      param: `Give one with --parameter ${address}=value, or below params`,
      opt: `Give one with --parameter ${address}=value`,
    };
    this.#sources.problems.add({
      path,
      value: `\${${whole}}`,
      expected: 'a variable that has a value here',
      remedy: `${remedies[source] ?? 'Correct the name'}, or write a fallback: \${${whole}, 'value'}.`,
    });
    return '';
  }

  #alternative(text: string, path: string, depth: number): unknown {
    const literal = /^'([^]*)'$|^"([^]*)"$/.exec(text);
    if (literal !== null) return literal[1] ?? literal[2] ?? '';
    if (/^(true|false|-?\d+(\.\d+)?)$/.test(text)) return JSON.parse(text) as unknown;
    const [, source = '', argument = '', address] = SOURCE.exec(text) ?? [];
    const { environment, parameters, stage, region, accountId } = this.#sources;
    switch (source) {
      case 'env':
        return environment[address ?? ''] ?? MISSING;
      case 'opt':
        if (address === 'stage') return stage;
        if (address === 'region') return region;
        return own(parameters, address ?? '') ?? MISSING;
      case 'param':
        return this.#parameter(address ?? '', depth);
      case 'sls':
        return address === 'stage' ? stage : address === 'instanceId' ? 'local' : MISSING;
      case 'aws':
        if (address === 'region') return region;
        return address === 'accountId' ? accountId : MISSING;
      case 'self':
        return this.#follow(this.#sources.document, address ?? '', '', depth);
      case 'strToBool':
        return this.#boolean(argument, path);
      case 'file':
        return this.#file(argument, address ?? '', path, depth);
      default:
        return MISSING;
    }
  }

  #parameter(name: string, depth: number): unknown {
    const { parameters, stage, document } = this.#sources;
    const given = own(parameters, name);
    if (given !== undefined) return given;
    for (const place of [`params.${stage}`, 'params.default', `stages.${stage}.params`]) {
      const found = this.#follow(document, `${place}.${name}`, '', depth);
      if (found !== MISSING) return found;
    }
    return this.#follow(document, `stages.default.params.${name}`, '', depth);
  }

  #boolean(text: string, path: string): unknown {
    if (/^(true|1)$/i.test(text)) return true;
    if (/^(false|0)$/i.test(text)) return false;
    this.#sources.problems.add({
      path,
      value: text,
      expected: 'true, false, 1 or 0 within strToBool',
      remedy: 'Correct the value.',
    });
    return false;
  }

  /** What stands at an address such as `custom.names.0`, its variables replaced. */
  #follow(root: unknown, address: string, base: string, depth: number): unknown {
    let at = root;
    let path = base;
    for (const key of address === '' ? [] : address.split('.')) {
      if (typeof at === 'string') at = this.#text(at, path, depth + 1);
      path = joined(path, key);
      const next = Array.isArray(at) ? (at as unknown[])[Number(key)] : own(at as Named, key);
      if (next === undefined)
        return key === 'stage' && path === 'provider.stage' ? this.#sources.stage : MISSING;
      at = next;
    }
    return this.resolve(at, path, depth + 1);
  }

  #file(name: string, address: string, path: string, depth: number): unknown {
    const { directory, problems } = this.#sources;
    const file = resolve(
      directory,
      name.replace(/^~(?=\/)/, this.#sources.environment['HOME'] ?? '~'),
    );
    if (!existsSync(file)) return MISSING;
    if (!/\.(ya?ml|json)$/.test(file)) {
      problems.add({
        path,
        value: name,
        expected: 'a YAML or JSON file: programs are not run here',
        remedy: 'Write what the program gives into a file.',
      });
      return '';
    }
    const document = this.#document(file, name);
    return document === undefined
      ? ''
      : this.#follow(document, address, relative(directory, file), depth);
  }

  #document(file: string, name: string): unknown {
    if (this.#documents.has(file)) return this.#documents.get(file);
    const { problems, files } = this.#sources;
    files.push(file);
    const found = new Problems();
    let document: unknown;
    try {
      document = readDocument(readSource(file), found);
    } catch (error) {
      found.add({
        path: '',
        expected: `a file that can be read (${messageOf(error)})`,
        remedy: '',
      });
    }
    for (const problem of found.list) problems.add({ ...problem, path: `${name} ${problem.path}` });
    this.#documents.set(file, document);
    return document;
  }
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Where the variable that begins at `from` ends; negative when it does not. */
function endOf(text: string, from: number): number {
  let open = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) {
      open += 1;
      at += 1;
    } else if (text[at] === '}') {
      open -= 1;
      if (open === 0) return at;
    }
  }
  return -1;
}

/** At commas outside quotes and parentheses. */
function split(text: string): string[] {
  const parts = [''];
  let quote = '';
  let open = 0;
  for (const sign of text) {
    if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === "'" || sign === '"') quote = sign;
    else if (sign === '(') open += 1;
    else if (sign === ')') open -= 1;
    if (sign === ',' && quote === '' && open === 0) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts.map((part) => part.trim());
}

function isIntrinsic(value: unknown): boolean {
  return (
    isMap(value) &&
    Object.keys(value).length === 1 &&
    /^(Fn::|Ref$)/.test(Object.keys(value)[0] ?? '')
  );
}

function written(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
