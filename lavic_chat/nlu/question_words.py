"""What a message asks in so many words where the network has no name for it, or takes it for another thing: a page of
grammar."""

import re

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.comparisons import comparative_in, extreme_in

WHICH = r"(?:which|wich|witch|with(?=\s+of\b))"  # as it is mended, too
SHOWN_ONES = r"of\s+(?:them|these|those|the\s+\w+)"
AMONG = rf"(?:the\s+)?(?:best|most)|yourself|personally|then|here|please|{SHOWN_ONES}"
LIKING = r"like|love|prefer|recommend|choose|take|pick|buy|suggest|advise|go\s+(?:for|with)"
SELLING = r"sell|stock|offer|have|carry|buy|get|find|got"
HERE = (
    r"here|there|then|exactly|at\s+all|for\s+sale|on\s+offer|to\s+sell|available|in\s+(?:stock|(?:your|this|the)\s+\w+)"
)
SPEAKERS = (
    r"robots?|bots?|chat\s?bots?|ai|a\.i\.|machine|computer|program(?:me)?|human(?:\s+being)?|(?:real\s+)?person|real"
)
IT = r"(?:it|this|that|they|these|those|(?:this|that|the)\s+\w+)"
ALSO = r"\A\W*(?:(?:and|but|so|ok|okay|hm+|well|then|hi|hello|hey)\W+)*"
FACET = r"colou?rs?|shade|material|fabric|wood|pattern|size|price|height|width|depth|length"
PATTERNS = {  # in the order in which they are tried
    r.SPEAKER: rf"{ALSO}(?:(?:are|r)\s+(?:you|u)\s+(?:really\s+)?(?:an?\s+)?(?:{SPEAKERS})\b"
    rf"|who\s+(?:are|r)\s+(?:you|u)\b|how\s+(?:old\s+)?(?:are|r)\s+(?:you|u)\b|what(?:['’]?s|\s+is)\s+your\s+name\b|what\s+(?:are|r)\s+(?:you|u)\W*\Z|am\s+i\s+(?:talking|speaking|chatting|writing)\s+(?:to|with)\b"
    rf"|is\s+(?:this|that|there|it)\s+(?:an?\s+)?(?:{SPEAKERS})\b(?!\s+\w))",
    r.ASSORTMENT: rf"\bwhat\s+(?:(?:kinds?|sorts?|types?)\s+of\s+(?:things?|products?|stuff|goods|items?|articles)\s+)?"
    rf"(?:do|can|could|have|are)\s+(?:you|u|i|we)\s+(?:guys\s+|all\s+|actually\s+)*(?:{SELLING}|selling)"
    rf"(?:\s+(?:{HERE}))*\W*\Z|\bwhat(?:['’]?s|\s+is|\s+are)\s+(?:in\s+stock|available|for\s+sale"
    rf"|your\s+(?:range|assortment|selection|categories|products))\W*\Z|\bwhat\s+(?:categories|departments)\b",
    r.FAVOURITE: rf"\b(?:{WHICH}|what)\b[^.?!]*\b(?:do|would|will|should)\s+(?:you|u)\s+(?:\w+\s+)?(?:{LIKING})"
    rf"(?:\W+(?:{AMONG}))*\W*\Z|\b(?:{WHICH}|what)\b[^.?!]*\byour\s+(?:own\s+)?favou?rite\b"
    rf"|\b{WHICH}\b[^.?!]*\bbest(?:\s+(?:{AMONG}))*\W*\Z|{ALSO}do\s+(?:you|u)\s+(?:like|love)\s+(?:it|this|that)\W*\Z"
    rf"|\b{WHICH}\s+(?:ones?\s+)?(?:is|are|would\s+be)\s+(?:the\s+)?(?:best|nicest|prettiest)(?:\s+(?:ones?|{AMONG}))*\W*\Z",
    r.SAME: rf"{ALSO}(?:(?:is|are|was|were)\s+{IT}\b[^.?!]*\bsame\s+(?:{FACET})\b"
    rf"|(?:does|do|will|would)\s+{IT}\s+(?:\w+\s+)?(?:match|suit|go\s+(?:well\s+)?with)\b)",
    r.DIFFERENCE: rf"\bdifferences?\b|{ALSO}(?:is|are)\s+{IT}\b[^.?!]*\bthe\s+same\s+as\b"
    rf"|{ALSO}how\s+(?:do|does|is|are)\b[^.?!]*\b(?:differ|different|compare)\b"
    rf"|{ALSO}what(?:['’]?s|\s+is|\s+makes)\b[^.?!]*\bdifferent\b|{ALSO}(?:please\s+|can\s+you\s+)?compare\b",
    r.LIGHTEST: rf"\b(?:{WHICH}|what)\b(?![^.?!]*\b(?:weigh|carry|lift|heavy|kg)\b)[^.?!]*"
    r"\b(?:lightest|palest|brightest)\b",
    r.DARKEST: rf"\b(?:{WHICH}|what)\b[^.?!]*\bdarkest\b",
    r.TOTAL: r"\A\W*(?:the\s+)?total\s+(?:price\s+|cost\s+)?for\b"
    r"|\b(?:what|whats|how\s+much)\b[^.?!]*\b(?:total|altogether|all\s+together|in\s+all|together)\b"
    r"(?=[^.?!]*\b(?:price|cost|pay|for|of)\b|\W*\Z)|\bhow\s+much\s+(?:for|are|would|is|do|will)\b"
    r"(?![^.?!]*(?:\bnumber\b|\bno\b|#|\b(?:these|those|the)\s+(?:\d|two|three)))[^.?!]*\b(?:[2-9]|[1-9]\d"
    r"|two|three|four|five|six|eight|ten|twelve)\b(?!\s*(?:-|[cm]?m\b|cm|in\b|inch|ft\b|[mc]?l\b|%|seat|person))|\bwhat\s+(?:do|would|will)\s+(?:[2-9]|[1-9]\d|two|three|four|five"
    r"|six|eight|ten|twelve)\b[^.?!]*\bcost\b",
    r.STOCK: r"\b(?:in|out\s+of)\s+stock\b|\bsold\s+out\b|\bavailab(?:le|ility)\b",
    r.OF_THOSE: rf"{ALSO}(?:{WHICH}|how\s+many)\s+(?:ones?\s+|{SHOWN_ONES}\s+|(?!{FACET}|style|kind|type)\w+s\s+)?"
    r"(?:is|are|has|have|comes?|costs?)\b|"
    rf"{ALSO}(?:are|is|do|does)\s+any\s+{SHOWN_ONES}\b",
    r.ELSE: rf"{ALSO}what\s+(?:else\s+)?(?:do\s+(?:you|u)\s+(?:have|sell|stock)|have\s+(?:you|u)\s+got|is\s+there)\b"
    rf"|{ALSO}what\s+(?:else|other\s+things?)\s+(?:is|are|comes?)\b",
}  # fmt: skip
QUESTIONS = {name: re.compile(words, re.IGNORECASE) for name, words in PATTERNS.items()}
SUPERLATIVES = re.compile(
    r"\b(?!best\b|rest\b|west\b|test\b|guest\b|nest\b|vest\b|chest\b|suggest|request|interest|latest|honest|nicest|prettiest)"
    r"\w+est\b|\b(?:most|least)\b(?!\s+(?:popular|liked|beautiful|modern|likely))", re.IGNORECASE,
)  # fmt: skip
PRICE_OF = re.compile(  # "what do double beds cost?"
    rf"{ALSO}(?:(?:what|how\s+much)\s+(?:do|does|would|will|is|are)\b[^.?!]*\bcosts?\b|how\s+much\s+(?:is|are)\b"
    r"|what(?:['’]?s|\s+is|\s+are)?\s+the\s+prices?\s+(?:of|for)\b)", re.IGNORECASE,
)  # fmt: skip
ASSENT = re.compile(
    r"\W*(?:(?:oh|yes|yeah|yep|yup|ya|sure|ok|okay|please|pls|plz|do|go|on|ahead|then|of\s+course|certainly|why\s+not|gladly"
    r"|definitely|absolutely|i['’]?d\s+like\s+(?:that|to)|i\s+would(?:\s+like\s+that)?|that\s+would\s+be\s+(?:nice|great|good)"
    r"|(?:show|let)\s+(?:me|us)(?:\s+see)?(?:\s+(?:some|them|those|these|it))?|show\s+(?:some|them|those)|thanks|thank\s+you"
    r"|you\s+(?:may|can|should)|great|good|fine|nice)\W*)+", re.IGNORECASE,
)  # fmt: skip
POLITE = re.compile(r"\W*(?:(?:ok|okay|thanks|thank\s+you|great|good|fine|nice|then)\W*)+", re.IGNORECASE)


def question_in(text: str) -> str:
    """What a message asks in so many words that the network has no name for; "" where it asks nothing so."""
    found = next((name for name, words in QUESTIONS.items() if words.search(text)), "")
    if found == r.OF_THOSE and is_superlative(text) and not re.search(r"\bthan\s+\S*\d", text):
        return ""  # "which is the cheapest", "which is cheaper"
    return found


def is_superlative(text: str) -> bool:
    """Whether a message's own words ask for an extreme: "the cheapest", "which costs least"; not "the best"."""
    said = SUPERLATIVES.search(text)
    return bool(said or extreme_in(text) or comparative_in(text))


def is_question(text: str, opens: bool) -> bool:
    """Whether a message asks something, by its words alone. opens: whether nothing was said before it."""
    found = question_in(text)
    return bool(found) and found not in (r.STOCK, r.ELSE) and not (opens and found in (*r.OF_SEVERAL, r.TOTAL))


def assents(text: str) -> bool:
    """Whether a message does nothing but say yes to what it was asked: "yes please", "go on then", "show me some"."""
    return bool(ASSENT.fullmatch(text)) and not POLITE.fullmatch(text)
