/**
 * A Python handler that tells of its environment's network: its names and addresses. It listens on port
 * 7777 where the event says `listen`, tries that port of the address `reach`, and ends with `exit`.
 */
export const NETWORK_PROBE = `
import os, socket
kept = {}
def handler(event, context):
    address = socket.gethostbyname(socket.gethostname())
    result = {"name": socket.gethostname(), "address": address,
      "self": socket.gethostbyname("sandbox.localdomain"), "host": socket.gethostbyname("host.docker.internal")}
    if event.get("listen"):
        kept["s"] = socket.socket(); kept["s"].bind(("0.0.0.0", 7777)); kept["s"].listen(1)
    if "reach" in event:
        s = socket.socket(); s.settimeout(2)
        try:
            s.connect((event["reach"], 7777)); result["reached"] = True
        except OSError:
            result["reached"] = False
    if event.get("exit"): os._exit(1)
    return result
`;
