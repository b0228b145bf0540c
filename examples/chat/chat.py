"""A chat room with one line of input: talk to it on its console. It stops at "stop"."""

import argparse
import random
import re
import signal
import sys

HELP = """\
/help        this list
/who         who is here
/say TEXT    let the bots hear it
/roll [NdM]  roll dice, such as /roll 2d6
stop         close the room"""
BOTS = {
    "Ada": ["Interesting. And what follows from that?", "I have a program for that."],
    "Brian": ["Could it be a pipe?", "Works on my machine."],
    "Grace": ["It is easier to ask forgiveness than permission.", "I found a moth."],
}


class Room:
    """What has been said, and by whom it is answered."""

    def __init__(self, name):
        self.name = name
        self.lines = 0
        self.random = random.Random()

    def answer(self, line):
        """The answer to one line."""
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        match word.lower():
            case "/help":
                answer = HELP
            case "/who":
                answer = f"In {self.name}: you, {', '.join(BOTS)}. {self.lines} lines so far."
            case "/roll":
                answer = self.roll(rest or "1d6")
            case "/say":
                answer = self.say(rest)
            case _ if word.startswith("/"):
                answer = f"{word} is no command; /help lists them."
            case _:
                answer = self.say(line)
        return answer

    def say(self, text):
        if not text:
            return "Say something."
        self.lines += 1
        bot = self.random.choice(list(BOTS))
        return f"<you> {text}\n<{bot}> {self.random.choice(BOTS[bot])}"

    def roll(self, dice):
        found = re.fullmatch(r"(\d{1,2})?d(\d{1,4})", dice.lower())
        if not found or not int(found[1] or 1) or not int(found[2]):
            return "Roll what? Try /roll 2d6."
        rolls = [self.random.randint(1, int(found[2])) for _ in range(int(found[1] or 1))]
        return f"{dice}: {' + '.join(map(str, rolls))} = {sum(rolls)}"


def close(number, _frame):
    """A signal instead of "stop"."""
    print("\nThe room was closed from outside.", flush=True)
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="the room")
    room = Room(parser.parse_args().name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, close)

    print(f"Welcome to {room.name}. /help lists the commands.")
    print("> ", end="", flush=True)
    for line in sys.stdin:
        text = line.strip()
        if text.lower() == "stop":
            break
        if text:
            print(room.answer(text))
        print("> ", end="", flush=True)  # a prompt: a line that isn't finished
    print("The room is closed. Goodbye!", flush=True)


if __name__ == "__main__":
    main()
