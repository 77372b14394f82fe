"""Makes models/lambda-2015-03-31.json and, beside it, that of its shapes from the service model in a botocore wheel.

usage: python3 scripts/lambda-model.py <service-2.json.gz> <botocore version>
"""

import gzip
import json
import sys

KEPT = ("type", "enum", "pattern", "min", "max", "required", "payload")


def main(path, version):
    with gzip.open(path) as file:
        model = json.load(file)
    shapes = {}

    def keep(name):
        if name in shapes:
            return
        shape = model["shapes"][name]
        kept = shapes[name] = {key: shape[key] for key in KEPT if key in shape}
        for part in ("member", "key", "value"):
            if part in shape:
                kept[part] = shape[part]["shape"]
                keep(kept[part])
        if shape["type"] == "structure":
            kept["members"] = {}
            for member, of in shape["members"].items():
                kept["members"][member] = {"shape": of["shape"]}
                keep(of["shape"])

    operations = {}
    for name, operation in model["operations"].items():
        http = operation["http"]
        operations[name] = {
            "method": http["method"],
            "path": http["requestUri"],
            "status": http.get("responseCode", 200),
        }
        if "input" in operation:
            shape = model["shapes"][operation["input"]["shape"]]
            operations[name]["input"] = operation["input"]["shape"]
            operations[name]["located"] = {
                member: {
                    "location": of["location"],
                    "locationName": of["locationName"],
                    "type": model["shapes"][of["shape"]]["type"],
                }
                for member, of in shape["members"].items()
                if "location" in of
            }
            operations[name]["requires"] = len(shape.get("required", [])) > 0
            keep(operation["input"]["shape"])
    source = (
        "The service model of AWS Lambda, API version 2015-03-31, as published in botocore "
        f"{version} (Apache License 2.0): operations, and the shapes and constraints of their "
        "requests. Made by scripts/lambda-model.py."
    )
    # Apart: the first answer of a start needs no shape.
    write("lambda-2015-03-31.json", {"source": source, "operations": operations})
    write("lambda-2015-03-31-shapes.json", {"source": source, "shapes": shapes})


def write(name, made):
    with open(f"models/{name}", "w", encoding="utf-8") as file:
        json.dump(made, file, separators=(",", ":"))
        file.write("\n")


main(*sys.argv[1:])
