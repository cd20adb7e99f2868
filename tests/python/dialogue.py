"""How these programs talk with the test that started them: one JSON value a line."""
import json
import sys

# Where Doorcode is, and which client the program plays.
SETTINGS = json.loads(sys.argv[1])


def tell(value):
    print(json.dumps(value), flush=True)


def ask(value):
    """What the test answers."""
    tell(value)
    return json.loads(sys.stdin.readline())
