/** What every event source is to the composition root. */

import type { LogLine, SourceStatus } from '../view.js';
import type { Clock } from '../async/clock.js';
import type { AwsEndpoint } from '../aws-endpoint/aws-endpoint.js';
import type { Settings } from '../config/config.js';
import type { HttpPort } from '../http-port/http-port.js';
import type { LogHub } from '../log/log-hub.js';
import type { Logger } from '../log/logger.js';
import type { MappingRegistry } from '../registry/mapping-registry.js';
import type { Invoker } from '../router/invoker.js';
import type { AwsServices } from '../services/aws-services.js';
import type { Stack } from '../stack/stack.js';
import type { Targets } from '../targets/targets.js';

export interface Source {
  /** Such as `HTTP`, for messages. */
  readonly name: string;
  /**
   * Makes what runs match the stack: at the start and whenever the configuration changed. What did
   * not change goes on undisturbed. Raises user errors at the start only.
   */
  apply(stack: Stack): Promise<void>;
  /** Lines for the screen of `up`, such as an address and what is there. */
  addresses?(): readonly SourceAddress[];
  /** Its rows of `orchestrator sources`. */
  status?(): readonly SourceStatus[];
  /** Runs a schedule of this name now; false when it has none. */
  runSchedule?(name: string): boolean;
  /** Takes nothing new; resolves when what it has begun is over or kept for the next start. */
  drain(): Promise<void>;
  /** Ends everything now. */
  close(): Promise<void>;
}

export interface SourceAddress {
  readonly source: string;
  readonly address: string;
  readonly about: string;
}

/** What sources are made of. */
export interface SourceParts {
  readonly settings: Settings;
  /** Real time. */
  readonly clock: Clock;
  /** Schedules, retries, ages and waits follow this one. */
  readonly queueClock: Clock;
  /** Calls back whenever queue time has been moved on, as by `time advance`. */
  onTimeMoved(moved: () => void): void;
  readonly invoker: Invoker;
  /** Event source mappings, from files and the API. */
  readonly mappings: MappingRegistry;
  /** ARN of the role that a function is said to run as. */
  readonly roleOf: (functionName: string) => string;
  readonly services: AwsServices;
  readonly targets: Targets;
  readonly awsEndpoint: AwsEndpoint;
  /** Shared by all that people reach over HTTP and WebSocket. */
  readonly httpPort: HttpPort;
  /** Into the log of a function, kept and shown with what it says itself. */
  line(line: LogLine): void;
  /** Lines of all functions. */
  readonly logs: LogHub;
  readonly log: Logger;
}
