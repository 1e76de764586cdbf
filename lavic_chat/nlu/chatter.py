"""What is said to a message that asks for nothing: thanks, a greeting, a call for help, or what nobody understands."""

import re

GREETING = "Hello! Tell me what you are looking for, and how it should look; a photo helps, too."
PLEASURE = "My pleasure. Tell me when there is something else to look for, or to change."
HELP = (
    "Tell me what you are looking for, how it should look and what it may cost: a green sofa under 500. Then say "
    "what to change: cheaper, not leather, the second one."
)
CARE = (
    "I am sorry that you feel like that. I am only a programme that finds things; please speak to somebody close to "
    "you, or call your local emergency number: there is help at any hour."
)
INSTEAD = "What may it be instead?"
UNCLEAR = "I can only help you to find things here. Tell me what you are looking for, or what to change."
THANKS = re.compile(
    r"\b(?:thank\w*|thx|tnx|ty|ta|cheers|much obliged|appreciate\w*|perfect|great|lovely|love|brilliant|nice|cool|super"
    r"|wonderful|excellent|ace|good|fine|okay|ok|beautiful|gorgeous|like|bye|goodbye|done|all for (?:now|today)"
    r"|that[’']?s all|buy|bought|take it|sorted|magic|haha|lol|happy|pleased|delighted|bless|star|legend)\b",
    re.IGNORECASE,
)  # fmt: skip
HELLO = re.compile(r"\A\W*(?:hi|hey|hiya|hello|good (?:morning|afternoon|evening)|howdy|namaste)\b", re.IGNORECASE)
IN_NEED = re.compile(r"\bhelp\b|\bhow (?:does|do) (?:this|it|you|i)\b|\bwhat can (?:you|i)\b", re.IGNORECASE)
IN_DISTRESS = re.compile(
    r"\b(?:kill|hurt|harm|cut)(?:ing)?\s+myself\b|\bsuicid|\b(?:want|wish|going)\s+to\s+die\b|\bend\s+my\s+life\b",
    re.IGNORECASE,
)
REFUSED = re.compile(r"\A\W*(?:no|not|anything but|everything but)\s+(?:an?\s+)?[^\W\d_]{2,}", re.IGNORECASE)


def reply_to_chatter(said: str, is_shown: bool) -> str:
    """A short reply that fits. is_shown: whether there was a pick before."""
    if IN_DISTRESS.search(said):
        return CARE
    if IN_NEED.search(said):
        return HELP
    if not is_shown or HELLO.search(said):
        return INSTEAD if REFUSED.search(said) else GREETING
    if THANKS.search(said):
        return PLEASURE
    return INSTEAD if REFUSED.search(said) else UNCLEAR
