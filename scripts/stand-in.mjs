// What stands for a module in a packed file until something of it is called.

/** Text that makes `as(name)` a function which calls that one of `found`, or makes one of that class. */
export function callsOf(found) {
  return `let kept;
    const as = (name) => function (...given) {
      const wanted = (kept ??= ${found})[name];
      return new.target === undefined ? wanted(...given) : new wanted(...given);
    };`;
}
