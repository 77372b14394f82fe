/**
 * The life of an execution environment as a pure, total table: (state, event) → state, actions.
 *
 * Contract with `environment.ts`, its only user:
 *  1. `transition` performs nothing; the environment performs the returned actions in order.
 *  2. Every state lists every event it accepts. An event that is not listed is refused with
 *     `transition-refused`; an observation that may come late is listed with no action.
 *  3. While a start call is under way, what its processes say is held: nothing is asked of a
 *     container whose start the engine has not confirmed.
 *  4. What was asked (`assigned`, `retired`, ...) and what was seen (`processesExited`, ...) are
 *     different events; observations may come early, late or instead of what was asked.
 *
 * Where there are extensions, `runtimePolled` says that all of them have asked for their next event
 * as well, and `killProcesses` ends the processes by way of a shutdown phase (contract 2.4).
 *
 * A timeout, a crash or a failed init ends the processes but not the environment: it waits in
 * `reset` with its /tmp and log stream until an invocation restarts them (contract 7.1, 7.4).
 */

import { OrchestratorError } from '../errors.js';

export const ENVIRONMENT_STATES = [
  /** The container is being created and started. */
  'provisioning',
  /** The processes run their init phase; nobody waits on this environment in particular. */
  'initializing',
  /** Initialised for SnapStart: the runtime waits to be restored, and sleeps where that is possible. */
  'snapshotted',
  /** Woken for an event: the runtime runs its after-restore hooks before it asks for it. */
  'restoring',
  /** The runtime waits in its poll. */
  'idle',
  /** The event is with the runtime. */
  'invoking',
  /** The response is in; the runtime has not polled again. */
  'completing',
  'freezing',
  'frozen',
  /** The event was written to the waiting socket; the processes are being woken. */
  'thawing',
  /** The processes are being ended; the environment stays. */
  'resetting',
  /** No processes. The next invocation starts them again. */
  'reset',
  /** The processes are being started again inside an invocation. */
  'restarting',
  /** They run their init phase inside the invocation (suppressed init, contract 7.1). */
  'reinitializing',
  /** The invocation timed out before the start call returned: what it starts is to be ended. */
  'reset-due',
  /** Extensions are told of the end, before the environment goes. */
  'shutting-down',
  'stopping',
  'stopped',
] as const;

export type EnvironmentState = (typeof ENVIRONMENT_STATES)[number];

export const ENVIRONMENT_EVENTS = [
  'containerStarted',
  'runtimePolled',
  'initFailed',
  'initTimedOut',
  /** The runtime asks to be told when it has been restored. */
  'snapshotReady',
  'restoreFailed',
  'restoreTimedOut',
  'assigned',
  'responded',
  'deadlinePassed',
  'quiet',
  'frozen',
  /** Frozen for so long that its memory is better used elsewhere. */
  'unused',
  'thawed',
  /** The processes certainly sleep on; a thaw that may have begun is `engineFailed`. */
  'thawRefused',
  'pollLost',
  'processesExited',
  /** One of several has failed, the runtime beside extensions or one of them; others live on. */
  'processFailed',
  'engineFailed',
  'retired',
  /** Retired, with extensions that want to be told. */
  'dismissed',
  /** The shutdown phase is over. */
  'shutDown',
  'destroyed',
  'removed',
] as const;

export type EnvironmentEvent = (typeof ENVIRONMENT_EVENTS)[number];

export type EnvironmentAction =
  | 'armInitTimer'
  | 'armDeadline'
  | 'disarm'
  | 'recordInit'
  | 'recordInitFailure'
  | 'armRestoreTimer'
  /** Tells the runtime that it has been restored. */
  | 'restore'
  /** The same, where nothing was kept ready. */
  | 'goOn'
  | 'recordRestore'
  | 'deliver'
  /** Writes START: behind whatever the event itself waits for. */
  | 'recordStart'
  | 'freeze'
  /** Gives the memory of frozen processes back to the machine. */
  | 'reclaim'
  | 'thaw'
  | 'startProcesses'
  | 'killProcesses'
  /** Without further ado. */
  | 'killRest'
  | 'shutDown'
  | 'settleResponse'
  | 'settleTimeout'
  | 'settleExit'
  | 'settleInitFailure'
  | 'settleRestoreFailure'
  | 'settleRestoreTimeout'
  | 'settleLost'
  /** Extensions have finished too: what of a settled invocation waited for that. */
  | 'report'
  | 'reportTimeout'
  | 'reportExit'
  | 'handBack'
  | 'remove'
  /** Keeps the event until `replay`. */
  | 'hold'
  | 'replay';

export interface Transition {
  readonly to: EnvironmentState;
  readonly actions: readonly EnvironmentAction[];
}

type Row = Readonly<Partial<Record<EnvironmentEvent, Transition>>>;

function go(to: EnvironmentState, ...actions: EnvironmentAction[]): Transition {
  return { to, actions };
}

/** What processes may say before the call that starts them returns. */
function held(state: EnvironmentState): Row {
  const transition = go(state, 'hold');
  return {
    runtimePolled: transition,
    initFailed: transition,
    snapshotReady: transition,
    pollLost: transition,
    processesExited: transition,
    processFailed: transition,
  };
}

/** An init inside an invocation has failed, and the invocation with it. */
function notInitialized(settle: 'settleInitFailure' | 'settleExit'): Transition {
  return go('resetting', 'disarm', 'recordInitFailure', settle, 'killProcesses');
}

const TABLE: Readonly<Record<EnvironmentState, Row>> = {
  provisioning: {
    containerStarted: go('initializing', 'armInitTimer', 'replay'),
    ...held('provisioning'),
    engineFailed: go('stopping', 'remove'),
    retired: go('stopping', 'remove'),
    dismissed: go('stopping', 'remove'),
    destroyed: go('stopping', 'remove'),
  },
  initializing: {
    runtimePolled: go('idle', 'disarm', 'recordInit'),
    snapshotReady: go('snapshotted', 'disarm', 'recordInit'),
    initFailed: go('resetting', 'disarm', 'recordInitFailure', 'killProcesses'),
    initTimedOut: go('resetting', 'recordInitFailure', 'killProcesses'),
    processesExited: go('reset', 'disarm', 'recordInitFailure'),
    /** It polled and hung up before its start was confirmed. */
    pollLost: go('resetting', 'disarm', 'recordInitFailure', 'killProcesses'),
    processFailed: go('resetting', 'disarm', 'recordInitFailure', 'killProcesses'),
    retired: go('stopping', 'disarm', 'remove'),
    dismissed: go('shutting-down', 'disarm', 'shutDown'),
    destroyed: go('stopping', 'disarm', 'remove'),
  },
  snapshotted: {
    assigned: go('restoring', 'armRestoreTimer', 'restore', 'thaw'),
    quiet: go('snapshotted', 'freeze'),
    frozen: go('snapshotted'),
    unused: go('snapshotted', 'reclaim'),
    pollLost: go('resetting', 'killProcesses'),
    processesExited: go('reset'),
    processFailed: go('resetting', 'killProcesses'),
    engineFailed: go('stopping', 'remove'),
    retired: go('stopping', 'remove'),
    dismissed: go('shutting-down', 'shutDown'),
    destroyed: go('stopping', 'remove'),
  },
  /** The event is not delivered yet: until it is, it may go to another environment. */
  restoring: {
    runtimePolled: go('invoking', 'recordRestore', 'armDeadline', 'deliver', 'recordStart'),
    restoreFailed: go('resetting', 'disarm', 'settleRestoreFailure', 'killProcesses'),
    restoreTimedOut: go('resetting', 'settleRestoreTimeout', 'killProcesses'),
    processesExited: go('reset', 'disarm', 'settleRestoreFailure'),
    processFailed: go('resetting', 'disarm', 'settleRestoreFailure', 'killProcesses'),
    thawed: go('restoring'),
    thawRefused: go('stopping', 'disarm', 'handBack', 'remove'),
    engineFailed: go('stopping', 'disarm', 'handBack', 'remove'),
    destroyed: go('stopping', 'disarm', 'settleLost', 'remove'),
  },
  idle: {
    assigned: go('invoking', 'deliver', 'recordStart', 'armDeadline'),
    quiet: go('freezing', 'freeze'),
    thawed: go('idle'),
    pollLost: go('resetting', 'killProcesses'),
    processesExited: go('reset'),
    processFailed: go('resetting', 'killProcesses'),
    retired: go('stopping', 'remove'),
    dismissed: go('shutting-down', 'shutDown'),
    destroyed: go('stopping', 'remove'),
  },
  invoking: {
    responded: go('completing', 'settleResponse'),
    deadlinePassed: go('resetting', 'settleTimeout', 'killProcesses'),
    processesExited: go('reset', 'disarm', 'settleExit'),
    processFailed: go('resetting', 'disarm', 'settleExit', 'killProcesses'),
    thawed: go('invoking'),
    thawRefused: go('stopping', 'disarm', 'settleLost', 'remove'),
    destroyed: go('stopping', 'disarm', 'settleLost', 'remove'),
  },
  completing: {
    runtimePolled: go('idle', 'disarm', 'report'),
    deadlinePassed: go('resetting', 'reportTimeout', 'killProcesses'),
    processesExited: go('reset', 'disarm', 'reportExit'),
    processFailed: go('resetting', 'disarm', 'reportExit', 'killProcesses'),
    /** While extensions were still at work. */
    pollLost: go('resetting', 'disarm', 'reportExit', 'killProcesses'),
    thawed: go('completing'),
    destroyed: go('stopping', 'disarm', 'report', 'remove'),
  },
  freezing: {
    frozen: go('frozen'),
    /** The processes may still run, and begin before they are woken. */
    assigned: go('invoking', 'deliver', 'thaw', 'recordStart', 'armDeadline'),
    thawed: go('freezing'),
    pollLost: go('resetting', 'killProcesses'),
    processesExited: go('reset'),
    processFailed: go('resetting', 'killProcesses'),
    engineFailed: go('stopping', 'remove'),
    retired: go('stopping', 'remove'),
    dismissed: go('shutting-down', 'shutDown'),
    destroyed: go('stopping', 'remove'),
  },
  frozen: {
    /** Nothing that can wait comes between the event and its being seen. */
    assigned: go('thawing', 'deliver', 'thaw', 'recordStart', 'armDeadline'),
    unused: go('frozen', 'reclaim'),
    pollLost: go('resetting', 'killProcesses'),
    processesExited: go('reset'),
    processFailed: go('resetting', 'killProcesses'),
    retired: go('stopping', 'remove'),
    dismissed: go('shutting-down', 'shutDown'),
    destroyed: go('stopping', 'remove'),
  },
  thawing: {
    thawed: go('invoking'),
    thawRefused: go('stopping', 'disarm', 'handBack', 'remove'),
    /** Where thawing is an engine call, the processes may run before the call returns. */
    responded: go('completing', 'settleResponse'),
    deadlinePassed: go('resetting', 'settleTimeout', 'killProcesses'),
    processesExited: go('reset', 'disarm', 'settleExit'),
    processFailed: go('resetting', 'disarm', 'settleExit', 'killProcesses'),
    engineFailed: go('stopping', 'disarm', 'settleLost', 'remove'),
    destroyed: go('stopping', 'disarm', 'settleLost', 'remove'),
  },
  resetting: {
    processesExited: go('reset'),
    processFailed: go('resetting'),
    shutDown: go('resetting', 'killRest'),
    engineFailed: go('stopping', 'remove'),
    frozen: go('resetting'),
    thawed: go('resetting'),
    thawRefused: go('resetting'),
    pollLost: go('resetting'),
    /** Held, and void by now. */
    runtimePolled: go('resetting'),
    initFailed: go('resetting'),
    snapshotReady: go('resetting'),
    retired: go('stopping', 'remove'),
    /** The phase that is under way becomes that of the environment. */
    dismissed: go('shutting-down'),
    destroyed: go('stopping', 'remove'),
  },
  reset: {
    assigned: go('restarting', 'armDeadline', 'startProcesses'),
    engineFailed: go('reset'),
    frozen: go('reset'),
    thawed: go('reset'),
    thawRefused: go('reset'),
    pollLost: go('reset'),
    processFailed: go('reset'),
    retired: go('stopping', 'remove'),
    destroyed: go('stopping', 'remove'),
  },
  restarting: {
    containerStarted: go('reinitializing', 'replay'),
    ...held('restarting'),
    deadlinePassed: go('reset-due', 'settleTimeout'),
    engineFailed: go('stopping', 'disarm', 'handBack', 'remove'),
    destroyed: go('stopping', 'disarm', 'settleLost', 'remove'),
  },
  reinitializing: {
    runtimePolled: go('invoking', 'recordInit', 'deliver', 'recordStart'),
    /** Nothing is kept ready here: it goes on at once. */
    snapshotReady: go('reinitializing', 'goOn'),
    restoreFailed: notInitialized('settleInitFailure'),
    initFailed: notInitialized('settleInitFailure'),
    deadlinePassed: go('resetting', 'recordInitFailure', 'settleTimeout', 'killProcesses'),
    processesExited: go('reset', 'disarm', 'recordInitFailure', 'settleExit'),
    pollLost: notInitialized('settleExit'),
    processFailed: notInitialized('settleExit'),
    destroyed: go('stopping', 'disarm', 'settleLost', 'remove'),
  },
  'reset-due': {
    containerStarted: go('resetting', 'replay', 'killProcesses'),
    ...held('reset-due'),
    engineFailed: go('stopping', 'remove'),
    retired: go('stopping', 'remove'),
    dismissed: go('stopping', 'remove'),
    destroyed: go('stopping', 'remove'),
  },
  'shutting-down': {
    /** What they wrote last is complete once they have exited. */
    shutDown: go('shutting-down', 'killRest'),
    processesExited: go('stopping', 'remove'),
    engineFailed: go('stopping', 'remove'),
    thawRefused: go('stopping', 'remove'),
    destroyed: go('stopping', 'remove'),
    frozen: go('shutting-down'),
    thawed: go('shutting-down'),
    pollLost: go('shutting-down'),
    processFailed: go('shutting-down'),
    retired: go('shutting-down'),
    dismissed: go('shutting-down'),
  },
  stopping: {
    removed: go('stopped'),
    containerStarted: go('stopping'),
    processesExited: go('stopping'),
    processFailed: go('stopping'),
    engineFailed: go('stopping'),
    frozen: go('stopping'),
    thawed: go('stopping'),
    /** Of a shutdown phase that was over the moment it began. */
    thawRefused: go('stopping'),
    shutDown: go('stopping'),
    pollLost: go('stopping'),
    initTimedOut: go('stopping'),
    restoreTimedOut: go('stopping'),
    deadlinePassed: go('stopping'),
    retired: go('stopping'),
    dismissed: go('stopping'),
    destroyed: go('stopping'),
  },
  stopped: {
    containerStarted: go('stopped'),
    frozen: go('stopped'),
    thawed: go('stopped'),
    processesExited: go('stopped'),
    processFailed: go('stopped'),
    engineFailed: go('stopped'),
    pollLost: go('stopped'),
    retired: go('stopped'),
    dismissed: go('stopped'),
    destroyed: go('stopped'),
  },
};

/** Whether `state` lists `event`. */
export function accepts(state: EnvironmentState, event: EnvironmentEvent): boolean {
  return TABLE[state][event] !== undefined;
}

/**
 * The next state and what to do on the way there.
 * Raises `transition-refused` for an event the state does not list.
 */
export function transition(state: EnvironmentState, event: EnvironmentEvent): Transition {
  const row = TABLE[state][event];
  if (row === undefined) {
    throw new OrchestratorError(
      'transition-refused',
      `an environment in state '${state}' does not accept '${event}'`,
      { details: { state, event } },
    );
  }
  return row;
}

/** States in which the environment can take an invocation at once, best first. */
export function isAvailable(state: EnvironmentState): boolean {
  return state === 'idle' || state === 'freezing' || state === 'frozen' || state === 'snapshotted';
}

/** States that will lead to availability without anybody's help. */
export function isStarting(state: EnvironmentState): boolean {
  return state === 'provisioning' || state === 'initializing';
}

/** States in which an invocation is with the environment. */
export function isBusy(state: EnvironmentState): boolean {
  return (
    state === 'invoking' ||
    state === 'completing' ||
    state === 'thawing' ||
    state === 'restoring' ||
    state === 'restarting' ||
    state === 'reinitializing'
  );
}

/** States in which the runtime has an invocation, or has just answered it. */
export function isWorking(state: EnvironmentState): boolean {
  return state === 'invoking' || state === 'completing' || state === 'thawing';
}

/** States in which a start call has not returned. */
export function isStartUnderWay(state: EnvironmentState): boolean {
  return state === 'provisioning' || state === 'restarting' || state === 'reset-due';
}

/** States from which an environment only goes. */
export function isLeaving(state: EnvironmentState): boolean {
  return state === 'shutting-down' || state === 'stopping';
}

/** States that lead to `reset`, from where an invocation starts the processes again. */
export function isResetting(state: EnvironmentState): boolean {
  return state === 'resetting' || state === 'reset-due';
}
