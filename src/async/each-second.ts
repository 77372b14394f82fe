const SECOND_MS = 1000;

/** What `make` says of a second since 1970: asked once for each, however many moments lie in it. */
export function eachSecond(make: (second: number) => string): (nowMs: number) => string {
  let last = -1;
  let text = '';
  return (nowMs) => {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== last) {
      last = second;
      text = make(second);
    }
    return text;
  };
}
